"""The cache server dies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from artisan.drill.clients.page import Sign
from artisan.drill.scenario import Scenario
from artisan.drill.stack.stage import Stage


@asynccontextmanager
async def _fault(stage: Stage) -> AsyncIterator[None]:
    await stage.parts.kill("valkey")
    yield
    await stage.parts.revive("valkey")


SCENARIO = Scenario(
    alert="RedisUnavailable",
    story="Valkey is killed and stays dead",
    fault=_fault,
    sign=Sign("dependency_up", {"dependency": "redis"}, equals=0),
)
