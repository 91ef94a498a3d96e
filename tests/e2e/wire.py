"""A client of HTTP/1 that decides byte by byte what it sends and reads, and notes what it saw of each answer."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass, field

_BODILESS = frozenset({204, 304})
_NO_LINGER = struct.pack("ii", 1, 0)


@dataclass
class Seen:
    """What a client saw of one answer."""

    status: int | None = None
    request_id: str | None = None
    size: int = 0
    """Bytes of body."""
    whole: bool = False
    """Whether it has read the last byte."""
    closes: bool = False
    """Whether the server will end the connection after it."""


@dataclass
class Wire:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    _ended: bool = field(default=False)

    @classmethod
    async def connect(cls, port: int, receive_buffer: int | None = None) -> Wire:
        """With a small buffer the server hears soon that the client does not read."""
        opened = socket.socket()
        opened.setblocking(False)
        if receive_buffer is not None:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(opened, ("127.0.0.1", port))
        limit = 2**16 if receive_buffer is None else receive_buffer
        return cls(*await asyncio.open_connection(sock=opened, limit=limit))

    async def send(self, *parts: bytes) -> None:
        """What is refused, the answer will tell."""
        try:
            for part in parts:
                self.writer.write(part)
                await self.writer.drain()
        except OSError:
            self._ended = True

    def half_close(self) -> None:
        """Say that nothing more comes."""
        if self.writer.can_write_eof():
            self.writer.write_eof()

    def leave(self, *, reset: bool = False) -> None:
        """Close it, or make the kernel forget it at once."""
        if reset:
            self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self.writer.transport.abort()
        else:
            self.writer.close()

    async def answer(self, seen: Seen, method: str, *, at_most: int | None = None, pause: float = 0.0) -> Seen:
        """Read an answer into `seen`; no more of it than `at_most` bytes of body, slowly if so told."""
        try:
            headers = await self._head(seen)
            if method == "HEAD" or seen.status in _BODILESS:
                seen.whole = True
            elif b"content-length" in headers:
                seen.whole = await self._body(seen, int(headers[b"content-length"]), at_most, pause)
            else:
                await self._chunks(seen, at_most, pause)
        except (OSError, asyncio.IncompleteReadError):
            seen.closes = True
        return seen

    async def _head(self, seen: Seen) -> dict[bytes, bytes]:
        while True:
            first, *rest = (await self.reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
            status = int(first.split()[1])
            if status >= 200:
                break
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in rest if line)}
        seen.status = status
        seen.request_id = headers[b"x-request-id"].decode() if b"x-request-id" in headers else None
        seen.closes = headers.get(b"connection") == b"close"
        return headers

    async def _body(self, seen: Seen, length: int, at_most: int | None, pause: float) -> bool:
        """Whether all of it has come."""
        while length:
            if at_most is not None and seen.size >= at_most:
                return False
            piece = await self.reader.read(min(length, 2**14))
            if not piece:
                raise ConnectionResetError
            seen.size += len(piece)
            length -= len(piece)
            await asyncio.sleep(pause)
        return True

    async def _chunks(self, seen: Seen, at_most: int | None, pause: float) -> None:
        while True:
            length = int(await self.reader.readuntil(b"\r\n"), 16)
            if not await self._body(seen, length, at_most, pause):
                return
            await self.reader.readexactly(2)
            if not length:
                seen.whole = True
                return
            if at_most is not None and seen.size >= at_most:
                return
