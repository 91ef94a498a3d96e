"""The cache in memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.storage import MemoryCache


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_value_is_gone_when_its_time_is_up() -> None:
    """A value lives for its time to live and not a moment longer."""
    clock = Clock()
    cache = MemoryCache(clock=clock)
    await cache.set("a", b"1", ttl_seconds=10)
    clock.now = 9.9
    assert await cache.get("a") == b"1"
    clock.now = 10
    assert await cache.get("a") is None


async def test_the_least_recently_used_goes_first() -> None:
    """A full cache drops the value that nobody asked for the longest."""
    cache = MemoryCache(max_entries=2)
    await cache.set("a", b"1", 60)
    await cache.set("b", b"2", 60)
    await cache.get("a")
    await cache.set("c", b"3", 60)
    assert [await cache.get(key) for key in "abc"] == [b"1", None, b"3"]


async def test_a_new_value_replaces_the_old_one_and_its_time() -> None:
    """Setting a key again starts its life anew."""
    clock = Clock()
    cache = MemoryCache(clock=clock)
    await cache.set("a", b"1", 10)
    clock.now = 9
    await cache.set("a", b"2", 10)
    clock.now = 15
    assert await cache.get("a") == b"2"


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.binary(max_size=3)), max_size=30), st.integers(1, 4))
async def test_it_never_holds_more_than_it_may_nor_a_wrong_value(
    writes: list[tuple[str, bytes]], max_entries: int
) -> None:
    """Whatever is written, at most `max_entries` keys answer, and each with what was last written."""
    cache = MemoryCache(max_entries)
    for key, value in writes:
        await cache.set(key, value, 60)
    held = {key: value for key in "abcdef" if (value := await cache.get(key)) is not None}
    assert len(held) <= max_entries
    assert held.items() <= dict(writes).items()
