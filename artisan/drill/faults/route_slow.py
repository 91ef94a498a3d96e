"""A route that has become slow."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from artisan.drill.clients.page import Sign
from artisan.drill.scenario import Scenario
from artisan.drill.stack.faulty import SLOW, SLOW_SECONDS
from artisan.drill.stack.stage import Stage
from artisan.drill.stack.traffic import Call

_EVERY = 1.0


@asynccontextmanager
async def _fault(stage: Stage) -> AsyncIterator[None]:
    async with stage.traffic.calling(lambda: Call("GET", SLOW), _EVERY):
        yield


SCENARIO = Scenario(
    alert="SlowResponseTime",
    story=f"a route takes {SLOW_SECONDS:.0f} s for every answer",
    fault=_fault,
    sign=Sign("http_request_duration_seconds_sum", {"endpoint": SLOW}, rises_by=SLOW_SECONDS),
    labels={"endpoint": SLOW},
)
