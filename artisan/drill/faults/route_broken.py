"""A route with a bug, and visitors who use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from artisan.drill.clients.page import Sign
from artisan.drill.scenario import Scenario
from artisan.drill.stack.faulty import BROKEN
from artisan.drill.stack.stage import Stage
from artisan.drill.stack.traffic import Call

_EVERY = 0.25
_SIGN = Sign("http_requests_total", {"endpoint": BROKEN, "status": "500"}, rises_by=3)


@asynccontextmanager
async def _fault(stage: Stage) -> AsyncIterator[None]:
    async with stage.traffic.calling(lambda: Call("GET", BROKEN), _EVERY):
        yield


SCENARIO = Scenario(
    alert="HighErrorRate",
    story="a third of all visitors come upon a route that raises",
    fault=_fault,
    sign=_SIGN,
)
BURNING = Scenario(
    alert="ErrorBudgetBurnFast",
    story="a third of all visitors come upon a route that raises, and the budget for failures burns",
    fault=_fault,
    sign=_SIGN,
    labels={"slo": "api-availability"},
)
