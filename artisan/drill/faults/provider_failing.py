"""The LLM provider is down, politely."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from artisan.drill.clients.page import Sign
from artisan.drill.scenario import Scenario
from artisan.drill.stack.provider import Behaviour
from artisan.drill.stack.stage import Stage


@asynccontextmanager
async def _fault(stage: Stage) -> AsyncIterator[None]:
    with stage.provider.behaving(Behaviour(status=HTTPStatus.INTERNAL_SERVER_ERROR)):
        yield


SCENARIO = Scenario(
    alert="LLMProviderErrors",
    story="the LLM provider answers every request with 500",
    fault=_fault,
    sign=Sign("llm_requests_total", {"provider": "openai", "status": "error"}, rises_by=1),
    labels={"provider": "openai"},
)
