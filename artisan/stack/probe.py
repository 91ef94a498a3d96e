"""When a part is ready: it accepts a connection and gives the expected answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from artisan.stack.ports import LOOPBACK


class Probe(Protocol):
    """Asks a part once whether it is ready."""

    async def __call__(self) -> bool:
        """True when ready. Raises OSError, EOFError or TimeoutError while nothing listens or answers."""
        ...


@dataclass(frozen=True)
class Answer:
    """Ready when the first line that comes back for `request` starts with one of `expected`.

    Plain sockets, because a readiness check must not go through a proxy that the environment names.
    """

    port: int
    request: bytes
    expected: tuple[bytes, ...]
    host: str = LOOPBACK
    timeout: float = 2.0

    async def __call__(self) -> bool:
        """Ask once."""
        async with asyncio.timeout(self.timeout):
            reader, writer = await asyncio.open_connection(self.host, self.port)
            try:
                writer.write(self.request)
                return (await reader.readline()).startswith(self.expected)
            finally:
                writer.close()


def http(port: int, path: str, host: str = LOOPBACK) -> Answer:
    """Ready when `path` answers 200."""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    return Answer(port, request.encode("ascii"), (b"HTTP/1.1 200", b"HTTP/1.0 200"), host)


def resp(port: int) -> Answer:
    """Ready when a server of the Redis protocol answers PING."""
    return Answer(port, b"PING\r\n", (b"+PONG",))


def smtp(port: int) -> Answer:
    """Ready when a mail server greets."""
    return Answer(port, b"QUIT\r\n", (b"220",))


def every(*probes: Probe) -> Probe:
    """Ready when all of them are."""

    async def ready() -> bool:
        # One after the other: the first that fails is reason enough.
        for probe in probes:
            if not await probe():
                return False
        return True

    return ready


async def passes(probe: Probe) -> bool:
    """True when the part is ready; a part that does not answer yet is just not ready."""
    try:
        return await probe()
    except (OSError, EOFError, TimeoutError):
        return False
