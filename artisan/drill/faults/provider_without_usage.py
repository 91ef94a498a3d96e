"""The LLM provider charges, and no longer says how much was used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from artisan.drill.clients.page import Sign
from artisan.drill.scenario import Scenario
from artisan.drill.stack.provider import Behaviour
from artisan.drill.stack.stage import Stage


@asynccontextmanager
async def _fault(stage: Stage) -> AsyncIterator[None]:
    with stage.provider.behaving(Behaviour(tells_usage=False)):
        yield


SCENARIO = Scenario(
    alert="UnpricedLLMRequests",
    story="the LLM provider's answers no longer say how many tokens they took",
    fault=_fault,
    sign=Sign("llm_unpriced_requests_total", {"provider": "openai"}, rises_by=1),
    labels={"provider": "openai"},
)
