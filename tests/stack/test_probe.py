"""When a part is ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from artisan.stack.probe import Answer, every, http, passes, resp, smtp


@asynccontextmanager
async def _server(answer: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Gives each connection the answer and closes it; tells its port and what it was asked."""
    asked: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked


@pytest.mark.parametrize(
    ("answer", "ready"),
    [(b"HTTP/1.1 200 OK\r\n\r\n", True), (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", False), (b"", False)],
)
async def test_http_is_ready_at_200_alone(answer: bytes, ready: bool) -> None:
    """A readiness endpoint that answers 503, or hangs up, says no."""
    async with _server(answer) as (port, asked):
        assert await passes(http(port, "/ready")) is ready
    assert asked == [b"GET /ready HTTP/1.1\r\n"]


@pytest.mark.parametrize(("answer", "ready"), [(b"+PONG\r\n", True), (b"-LOADING\r\n", False)])
async def test_the_redis_protocol_is_ready_when_ping_is_answered(answer: bytes, ready: bool) -> None:
    """A server that is still loading its data answers, but is not ready."""
    async with _server(answer) as (port, asked):
        assert await passes(resp(port)) is ready
    assert asked == [b"PING\r\n"]


@pytest.mark.parametrize(("answer", "ready"), [(b"220 hello\r\n", True), (b"421 too busy\r\n", False)])
async def test_a_mail_server_is_ready_when_it_greets(answer: bytes, ready: bool) -> None:
    """One that turns its callers away does not."""
    async with _server(answer) as (port, _):
        assert await passes(smtp(port)) is ready


@pytest.mark.parametrize(("answer", "ready"), [(b"+PONG\r\n", True), (b"-LOADING\r\n", False)])
async def test_several_probes_are_ready_together(answer: bytes, ready: bool) -> None:
    """One that is not makes all of them wait."""
    async with _server(b"+PONG\r\n") as (first, _), _server(answer) as (second, _):
        assert await passes(every(resp(first), resp(second))) is ready


async def test_nothing_that_listens_is_just_not_ready(free_port: Callable[[], int]) -> None:
    """That is how every start begins."""
    assert not await passes(http(free_port(), "/"))


async def test_a_part_that_accepts_and_says_nothing_is_not_ready() -> None:
    """After the probe's own timeout, so that the supervisor goes on looking."""

    hung_up = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        hung_up.set()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert not await passes(Answer(port, b"PING\r\n", (b"+PONG",), timeout=0.1))
        await hung_up.wait()
