"""The watcher itself dies; whoever waits outside for its heartbeats has to notice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from artisan.drill.clients.page import Page, Sign
from artisan.drill.scenario import HeardBy, Scenario
from artisan.drill.stack.stage import Stage


@asynccontextmanager
async def _fault(stage: Stage) -> AsyncIterator[None]:
    await stage.parts.kill("prometheus")
    yield
    await stage.parts.revive("prometheus")


SCENARIO = Scenario(
    alert="Watchdog",
    story="Prometheus is killed and stays dead",
    fault=_fault,
    sign=Sign("up", {"job": "prometheus"}, equals=0, page=Page.PROMETHEUS),
    heard_by=HeardBy.SILENCE,
)
