"""The metrics page as a response: made piece by piece, so that the event loop serves others between two of them.

All numbers are of one moment, the beginning. What follows is writing them down, as fast as the scraper reads: while it
does not, nothing is held but the numbers, and after a while its connection is closed.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import prometheus_client
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .metrics.catalogue import METRICS_SCRAPE_DURATION
from .metrics.exposition import negotiation

if TYPE_CHECKING:
    from .metrics import Registry

DEADLINE_SECONDS = 30.0  # Prometheus gives up after 10 by default
_SLICE_SECONDS = 0.0005
_CHUNK = 1 << 16  # bytes
_GZIP_LEVEL, _GZIP_FORMAT = 1, 31  # the quickest: the text is so repetitive that it shrinks to a tenth all the same


class MetricsResponse(Response):
    """A scrape of `registry`, and of whatever is in `prometheus_client.REGISTRY`, as `headers` ask for it.

    Scrapes that share a `turn` take turns in writing.
    """

    def __init__(self, registry: Registry, headers: Headers, turn: asyncio.Lock) -> None:
        self._registry, self._turn = registry, turn
        self._openmetrics = negotiation.wants_openmetrics(headers.get("accept", ""))
        self._gzip = negotiation.accepts_gzip(headers.get("accept-encoding", ""))
        shown = {"Content-Type": negotiation.OPENMETRICS if self._openmetrics else negotiation.TEXT}
        if self._gzip:
            shown["Content-Encoding"] = "gzip"
        super().__init__(headers={**shown, "Vary": "Accept, Accept-Encoding"})
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, as ASGI calls it."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                if scope["method"] != "HEAD":
                    await self._send_page(send)
                await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            raise ClientDisconnect from None  # it is there, and does not read

    async def _send_page(self, send: Send) -> None:
        squeeze = zlib.compressobj(_GZIP_LEVEL, wbits=_GZIP_FORMAT) if self._gzip else None
        async for chunk in self._chunks():
            if body := squeeze.compress(chunk) if squeeze else chunk:
                await send({"type": "http.response.body", "body": body, "more_body": True})
        if squeeze:
            await send({"type": "http.response.body", "body": squeeze.flush(), "more_body": True})

    async def _chunks(self) -> AsyncIterator[bytes]:
        """The page in chunks of a fit size; the loop has a turn whenever a slice of time is over."""
        beside = [prometheus_client.REGISTRY]
        others = await asyncio.to_thread(self._registry.others, beside, openmetrics=self._openmetrics)
        pieces = self._registry.pieces(others, openmetrics=self._openmetrics)
        spent, ready, done = 0.0, bytearray(), False
        while not done:
            async with self._turn:  # however many scrapes there are: one slice in each turn of the loop
                started = time.perf_counter()
                done = _fill(ready, pieces, started + _SLICE_SECONDS)
                spent += time.perf_counter() - started
                await asyncio.sleep(0)
            if done or len(ready) >= _CHUNK:
                yield bytes(ready)
                ready.clear()
        METRICS_SCRAPE_DURATION.observe(spent)


def _fill(ready: bytearray, pieces: Iterator[bytes], until: float) -> bool:
    """Add pieces until there is enough, or the time is over; True when there are no more."""
    for piece in pieces:
        ready += piece
        if time.perf_counter() > until or len(ready) >= _CHUNK:
            return False
    return True
