"""Somebody sleeps, or computes, on the event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from artisan.drill.clients.page import Sign
from artisan.drill.scenario import Scenario
from artisan.drill.stack.faulty import BLOCKING, BLOCKING_SECONDS
from artisan.drill.stack.stage import Stage
from artisan.drill.stack.traffic import Call

# Seldom enough that scrapes come through between two blocks: this is not ServiceUnavailable.
_EVERY = 3.0


@asynccontextmanager
async def _fault(stage: Stage) -> AsyncIterator[None]:
    async with stage.traffic.calling(lambda: Call("GET", BLOCKING), _EVERY):
        yield


SCENARIO = Scenario(
    alert="EventLoopLag",
    story=f"a route blocks the event loop for {BLOCKING_SECONDS:g} s, every {_EVERY:g} s",
    fault=_fault,
    sign=Sign("event_loop_lag_seconds_sum", rises_by=0.5),
)
