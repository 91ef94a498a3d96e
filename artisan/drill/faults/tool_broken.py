"""An agent whose tool raises."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from artisan.drill.clients.page import Sign
from artisan.drill.scenario import Scenario
from artisan.drill.stack.faulty import AGENT
from artisan.drill.stack.stage import Stage
from artisan.drill.stack.traffic import agent_runs

_EVERY = 1.0


@asynccontextmanager
async def _fault(stage: Stage) -> AsyncIterator[None]:
    async with stage.traffic.calling(agent_runs(AGENT), _EVERY):
        yield


SCENARIO = Scenario(
    alert="HighAgentErrorRate",
    story="an agent is asked whose only tool raises",
    fault=_fault,
    sign=Sign("agent_executions_total", {"agent_type": AGENT, "status": "error"}, rises_by=3),
    labels={"agent_type": AGENT},
)
