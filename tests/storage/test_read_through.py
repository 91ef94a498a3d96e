"""Reading through a cache: one computation however many ask, and honest counts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from backend.core.monitoring.metrics import REGISTRY
from backend.storage import MemoryCache, ReadThrough


class Computation:
    """Counts its runs and finishes when it is let."""

    def __init__(self, result: Any = "value", error: Exception | None = None) -> None:
        self.runs = 0
        self.cancelled = False
        self.may_finish = asyncio.Event()
        self._result = result
        self._error = error

    async def __call__(self) -> Any:
        self.runs += 1
        try:
            await self.may_finish.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self._error is not None:
            raise self._error
        return self._result


async def settle() -> None:
    """Let everything run that can run."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_value_is_computed_once_and_then_read(rise: Any) -> None:
    """The first look-up is a miss, the next a hit, and both give the same JSON."""
    reader = ReadThrough(MemoryCache(), "once")
    hits, misses = rise("cache_hits_total", cache_type="once"), rise("cache_misses_total", cache_type="once")
    compute = Computation({"a": [1, 2.5, None, "é"]})
    compute.may_finish.set()
    first = await reader.get("k", compute, 60)
    second = await reader.get("k", compute, 60)
    assert first == second == {"a": [1, 2.5, None, "é"]}
    assert (compute.runs, misses(), hits()) == (1, 1, 1)


def test_both_counts_exist_at_zero_from_the_start() -> None:
    """A cache that nobody has asked yet is already on the page, so that its first miss can be seen."""
    ReadThrough(MemoryCache(), "fresh")
    assert REGISTRY.value("cache_hits_total", cache_type="fresh") == 0
    assert REGISTRY.value("cache_misses_total", cache_type="fresh") == 0


async def test_null_is_a_value() -> None:
    """What was computed as None is not computed again."""
    reader = ReadThrough(MemoryCache(), "null")
    compute = Computation(None)
    compute.may_finish.set()
    assert await reader.get("k", compute, 60) is None
    assert await reader.get("k", compute, 60) is None
    assert compute.runs == 1


async def test_callers_at_the_same_time_share_one_computation(rise: Any) -> None:
    """Of many callers for one key, one is a miss and computes; the others wait and are hits."""
    reader = ReadThrough(MemoryCache(), "shared")
    hits, misses = rise("cache_hits_total", cache_type="shared"), rise("cache_misses_total", cache_type="shared")
    compute = Computation()
    callers = [asyncio.create_task(reader.get("k", compute, 60)) for _ in range(20)]
    await settle()
    compute.may_finish.set()
    assert await asyncio.gather(*callers) == ["value"] * 20
    assert (compute.runs, misses(), hits()) == (1, 1, 19)


async def test_different_keys_do_not_wait_for_each_other() -> None:
    """A slow key holds up nobody who asks for another one."""
    reader = ReadThrough(MemoryCache(), "keys")
    slow, quick = Computation(), Computation("quick")
    quick.may_finish.set()
    waiting = asyncio.create_task(reader.get("slow", slow, 60))
    await settle()
    assert await reader.get("quick", quick, 60) == "quick"
    slow.may_finish.set()
    assert await waiting == "value"


async def test_a_cancelled_leader_does_not_fail_the_followers() -> None:
    """The caller who came first may leave; who waits with it still gets the value, computed once."""
    reader = ReadThrough(MemoryCache(), "leader")
    compute = Computation()
    leader = asyncio.create_task(reader.get("k", compute, 60))
    await settle()
    follower = asyncio.create_task(reader.get("k", compute, 60))
    await settle()
    leader.cancel()
    await settle()
    compute.may_finish.set()
    assert await follower == "value"
    assert leader.cancelled()
    assert compute.runs == 1


async def test_work_that_nobody_waits_for_is_cancelled() -> None:
    """When the last caller leaves, the computation stops, and the next caller starts a new one."""
    reader = ReadThrough(MemoryCache(), "nobody")
    abandoned = Computation()
    callers = [asyncio.create_task(reader.get("k", abandoned, 60)) for _ in range(3)]
    await settle()
    for caller in callers:
        caller.cancel()
    await settle()
    assert abandoned.cancelled
    again = Computation("again")
    again.may_finish.set()
    assert await reader.get("k", again, 60) == "again"


async def test_an_error_reaches_everybody_and_is_not_kept() -> None:
    """All callers of a failed computation see its error; the next look-up computes anew."""
    reader = ReadThrough(MemoryCache(), "error")
    failing = Computation(error=LookupError("no"))
    callers = [asyncio.create_task(reader.get("k", failing, 60)) for _ in range(3)]
    await settle()
    failing.may_finish.set()
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [LookupError] * 3
    working = Computation()
    working.may_finish.set()
    assert await reader.get("k", working, 60) == "value"


@pytest.mark.parametrize("stored", [b"", b"{", b"\xff", b"[1, 2]", b'{"a": 1}', b"null"])
async def test_what_is_not_ours_in_the_cache_is_a_miss(stored: bytes) -> None:
    """A value that cannot be read is computed again and replaced."""
    cache = MemoryCache()
    reader = ReadThrough(cache, "foreign")
    await cache.set("artisan:foreign:k", stored, 60)
    compute = Computation()
    compute.may_finish.set()
    assert await reader.get("k", compute, 60) == "value"
    assert await reader.get("k", compute, 60) == "value"
    assert compute.runs == 1


async def test_two_kinds_of_values_do_not_mix() -> None:
    """The same key under two cache types is two values."""
    cache = MemoryCache()
    one, two = Computation(1), Computation(2)
    one.may_finish.set()
    two.may_finish.set()
    assert await ReadThrough(cache, "first").get("k", one, 60) == 1
    assert await ReadThrough(cache, "second").get("k", two, 60) == 2
