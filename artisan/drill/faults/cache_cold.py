"""A cache that forgets everything at once, again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from artisan.drill.clients.page import Sign
from artisan.drill.scenario import Scenario
from artisan.drill.stack.stage import Stage
from artisan.stack.ports import LOOPBACK

_FLUSH_EVERY = 0.05


@asynccontextmanager
async def _fault(stage: Stage) -> AsyncIterator[None]:
    flushing = asyncio.create_task(_keep_cold(stage.ports.valkey))
    try:
        yield
    finally:
        flushing.cancel()
        await asyncio.gather(flushing, return_exceptions=True)


async def _keep_cold(port: int) -> None:
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                while True:
                    writer.write(b"FLUSHALL\r\n")
                    await reader.readline()
                    await asyncio.sleep(_FLUSH_EVERY)
            finally:
                writer.close()
        await asyncio.sleep(_FLUSH_EVERY)


SCENARIO = Scenario(
    alert="LowCacheHitRate",
    story="Valkey is emptied twenty times a second",
    fault=_fault,
    sign=Sign("cache_misses_total", {"cache_type": "search"}, rises_by=20),
    labels={"cache_type": "search"},
)
