"""A service with an answer that never ends by itself, served as `backend.main` serves, but with less time to stop."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.responses import StreamingResponse

from backend import serving
from backend.core.config import Settings
from backend.core.monitoring import Monitoring, configure_logging, get_logger
from backend.core.monitoring.metrics import REGISTRY
from backend.core.monitoring.tracing.export import Exporting

_log = get_logger("endless")
TIDYING_SECONDS = 0.5


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    exporting = Exporting({"service.name": "endless"})
    exporting.start()
    _log.info("service_started")
    yield
    _log.info("service_stopped", broken=REGISTRY.value("http_responses_broken_total", method="GET", endpoint="/ticks"))
    await asyncio.to_thread(exporting.stop)


api = FastAPI(lifespan=_lifespan)


@api.get("/ticks")
async def ticks() -> StreamingResponse:
    """A line now and then, for ever; it takes a while to tidy up."""

    async def lines() -> AsyncIterator[str]:
        try:
            while True:
                yield "tick\n"
                await asyncio.sleep(0.05)
        finally:
            await asyncio.sleep(TIDYING_SECONDS)

    return StreamingResponse(lines())


if __name__ == "__main__":
    serving.STOP_SECONDS = int(os.environ["STOP_SECONDS"])
    configure_logging(production=True, level="INFO")
    settings = Settings.load(env_file=None)
    sys.exit(serving.serve_alone(Monitoring(api), settings))
