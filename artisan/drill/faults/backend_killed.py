"""The whole service dies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from artisan.drill.clients.page import GONE
from artisan.drill.scenario import Scenario
from artisan.drill.stack.stage import Stage


@asynccontextmanager
async def _fault(stage: Stage) -> AsyncIterator[None]:
    await stage.parts.kill("backend")
    yield
    await stage.parts.revive("backend")


SCENARIO = Scenario(
    alert="ServiceUnavailable",
    story="the backend is killed and stays dead",
    fault=_fault,
    sign=GONE,
    # It loads its models before it serves.
    calms_within=60.0,
)
