"""A light HTTP/1.1 client for loopback: connections that are kept, one request under way on each."""

from __future__ import annotations

import asyncio
import re

from .asgi import HEADERS

SECONDS = 60.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_HEAD = b"".join(b"%b: %b\r\n" % header for header in HEADERS)


class _Connection(asyncio.Protocol):
    """Sends the next request when the last one has been answered."""

    def __init__(self, requests: int) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._left = requests
        self._received = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n")
        if not separator or (length and len(body) < int(length[1])):
            return
        if length is None or not head.startswith(b"HTTP/1.1 200"):
            self._finish(RuntimeError(f"unexpected response: {head.decode()}"))
            return
        self._received = b""
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        self._finish(error or ConnectionResetError("the server closed the connection"))

    def _next(self) -> None:
        if not self._left:
            self._finish(None)
            return
        self._left -= 1
        self._transport.write(b"GET /items/%d HTTP/1.1\r\n%b\r\n" % (self._left % 100, _HEAD))

    def _finish(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error) if error else self.done.set_result(None)
        self._transport.close()


async def load(port: int, requests: int, connections: int) -> None:
    """Send `requests` on each of `connections`.

    Raises RuntimeError or OSError unless each is answered with 200, TimeoutError when that takes longer than a minute.
    """
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: _Connection(requests), "127.0.0.1", port) for _ in range(connections)]
    async with asyncio.timeout(SECONDS):
        await asyncio.gather(*(connection.done for _, connection in made))
