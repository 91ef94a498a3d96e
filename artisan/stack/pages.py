"""Prometheus' pages at the addresses that everybody knows.

Debian builds Prometheus without its newer pages and keeps the older ones below `/classic`: `/targets` and `/alerts` are
not found there. So that Prometheus listens on another loopback address, and this front, in its place, sends a browser
on from `/targets` to `/classic/targets` and passes everything else through as it is.

    python -m artisan.stack.pages PORT
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from asyncio import StreamReader, StreamWriter

from artisan.stack.part import Part
from artisan.stack.ports import LOOPBACK
from artisan.stack.probe import http

BEHIND = "127.0.0.2"
"""Where Prometheus listens, on the port that the front has on 127.0.0.1; the whole of 127/8 is this machine."""

_MOVED = frozenset({b"/alerts", b"/config", b"/flags", b"/rules", b"/service-discovery", b"/status", b"/targets"})
_HEAD_BYTES = 64 * 1024
_CHUNK_BYTES = 64 * 1024


def part(port: int) -> Part:
    """Starts after the Prometheus that it stands before."""
    return Part(
        name="pages",
        argv=(sys.executable, "-m", "artisan.stack.pages", str(port)),
        ready=http(port, "/-/ready"),
        address=f"http://localhost:{port}/targets",
        after=("prometheus",),
        way_out="Prometheus works, but can only be reached at another address",
        stop_grace=1.0,
    )


async def serve(port: int) -> None:
    """Serve until TERM."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)

    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        # A browser that goes away, or sends nonsense, is no concern of the others.
        with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError, ValueError):
            await _answer(reader, writer, port)
        writer.close()

    async with await asyncio.start_server(answer, LOOPBACK, port, limit=_HEAD_BYTES):
        await stopped.wait()


async def _answer(reader: StreamReader, writer: StreamWriter, port: int) -> None:
    """Answer one request; the connection ends with it, so that each request is looked at."""
    request, *headers = (await reader.readuntil(b"\r\n\r\n")).removesuffix(b"\r\n\r\n").split(b"\r\n")
    _, target, _ = request.split(b" ", 2)
    if target.partition(b"?")[0].rstrip(b"/") in _MOVED:
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /classic" + target + b"\r\n")
        writer.write(b"Content-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        return
    behind_reader, behind_writer = await asyncio.open_connection(BEHIND, port)
    kept = [header for header in headers if not header.lower().startswith(b"connection:")]
    behind_writer.write(b"\r\n".join([request, *kept, b"Connection: close", b"", b""]))
    sending = asyncio.create_task(_pump(reader, behind_writer))
    try:
        await _pump(behind_reader, writer)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        behind_writer.close()


async def _pump(reader: StreamReader, writer: StreamWriter) -> None:
    while data := await reader.read(_CHUNK_BYTES):
        writer.write(data)
        await writer.drain()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
