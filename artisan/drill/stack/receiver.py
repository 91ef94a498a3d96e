"""Whoever is told by webhook: an HTTP endpoint outside of the stack, for notifications and for heartbeats."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus

from artisan.drill.stack.sockets import port_of, read_request, respond
from artisan.stack.ports import LOOPBACK

WEBHOOK, HEARTBEAT = "/webhook", "/heartbeat"


class Receiver:
    """Remembers when it was told, by path. Times are Unix time in seconds."""

    def __init__(self) -> None:
        self.port = 0
        self._times: dict[str, list[float]] = {}
        self._refusing: set[str] = set()

    def url(self, path: str) -> str:
        """The address for a path."""
        return f"http://{LOOPBACK}:{self.port}{path}"

    def times(self, path: str, since: float = 0.0) -> list[float]:
        """When it was told at this path, those refused not counted."""
        return [at for at in self._times.get(path, ()) if at >= since]

    @contextmanager
    def refusing(self, path: str) -> Iterator[None]:
        """Within the block this path answers 500."""
        self._refusing.add(path)
        try:
            yield
        finally:
            self._refusing.discard(path)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one notification."""
        with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError, ValueError):
            request = await read_request(reader)
            if request.path in self._refusing:
                await respond(writer, HTTPStatus.INTERNAL_SERVER_ERROR, {})
            else:
                if _is_firing(request.body):
                    self._times.setdefault(request.path, []).append(time.time())
                await respond(writer, HTTPStatus.OK, {})
        writer.close()


def _is_firing(body: bytes) -> bool:
    """Whether a notification tells of an alert that goes on; a heartbeat that is over is no heartbeat."""
    return bool(json.loads(body).get("status") == "firing")


@asynccontextmanager
async def running_receiver() -> AsyncIterator[Receiver]:
    """A receiver on a free port of loopback."""
    receiver = Receiver()
    async with await asyncio.start_server(receiver.serve, LOOPBACK, 0) as server:
        receiver.port = port_of(server)
        yield receiver
