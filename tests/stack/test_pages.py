"""Prometheus' pages: the addresses of the guide lead to them, and everything else passes through."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from artisan.stack import pages
from artisan.stack.supervisor import Supervisor

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="Homebrew's Prometheus has pages of its own")


@pytest.fixture
async def front(free_port: Callable[[], int], tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The front in a process of its own, before a server that repeats what it was asked."""
    port = free_port()

    async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
        said = head.split(b"\r\n")[0] + b"|" + await reader.readexactly(length)
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(said), said))
        await writer.drain()
        writer.close()

    async with (
        await asyncio.start_server(repeat, pages.BEHIND, port),
        Supervisor([pages.part(port)], logs=tmp_path) as supervisor,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        await supervisor.started()
        yield client


@pytest.mark.parametrize("path", ["/targets", "/targets/", "/alerts", "/rules?type=alert"])
async def test_known_pages_lead_to_where_they_are(front: httpx.AsyncClient, path: str) -> None:
    """Query strings come along."""
    reply = await front.get(path)
    assert (reply.status_code, reply.headers["location"]) == (302, f"/classic{path}")


async def test_everything_else_passes_through(front: httpx.AsyncClient) -> None:
    """One connection after the other, bodies too, many at a time, and a page is looked at even after other requests."""
    assert (await front.get("/api/v1/targets?state=active")).text == "GET /api/v1/targets?state=active HTTP/1.1|"
    body = "query=up&" + "x" * 300_000
    assert (await front.post("/api/v1/query", content=body)).text == f"POST /api/v1/query HTTP/1.1|{body}"
    replies: list[Any] = await asyncio.gather(*(front.get(f"/page/{number}") for number in range(50)))
    assert [reply.text for reply in replies] == [f"GET /page/{number} HTTP/1.1|" for number in range(50)]
    assert (await front.get("/targets")).status_code == 302


async def test_nonsense_ends_its_own_connection_only(front: httpx.AsyncClient) -> None:
    """A port scanner is no reason to stop."""
    port = front.base_url.port
    for nonsense in (b"\r\n\r\n", b"GET\r\n\r\n", b"x" * 200_000, b""):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(nonsense)
        with contextlib.suppress(OSError):  # it may be gone already
            writer.write_eof()
            assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
    assert (await front.get("/still/there")).status_code == 200
