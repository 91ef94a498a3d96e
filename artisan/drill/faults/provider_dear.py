"""An agent whose prompts have grown out of hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from artisan.drill.clients.page import Sign
from artisan.drill.scenario import Scenario
from artisan.drill.stack.provider import Behaviour
from artisan.drill.stack.stage import Stage

_PROMPT_TOKENS = 100_000


@asynccontextmanager
async def _fault(stage: Stage) -> AsyncIterator[None]:
    with stage.provider.behaving(Behaviour(prompt_tokens=_PROMPT_TOKENS)):
        yield


SCENARIO = Scenario(
    alert="HighLLMSpend",
    story=f"every prompt has {_PROMPT_TOKENS:,} tokens, charged at list price",
    fault=_fault,
    sign=Sign("llm_cost_usd_total", {"provider": "openai"}, rises_by=0.01),
)
