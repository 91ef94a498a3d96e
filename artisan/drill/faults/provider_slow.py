"""The LLM provider answers well, and far too late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from artisan.drill.clients.page import Sign
from artisan.drill.scenario import Scenario
from artisan.drill.stack.provider import Behaviour
from artisan.drill.stack.stage import Stage

_SECONDS = 31.0


@asynccontextmanager
async def _fault(stage: Stage) -> AsyncIterator[None]:
    with stage.provider.behaving(Behaviour(seconds=_SECONDS)):
        yield


SCENARIO = Scenario(
    alert="HighLLMLatency",
    story=f"the LLM provider takes {_SECONDS:.0f} s for every answer",
    fault=_fault,
    sign=Sign("llm_request_duration_seconds_sum", {"provider": "openai"}, rises_by=_SECONDS),
    labels={"provider": "openai"},
    # The first late answers have to be there.
    holds_within=_SECONDS + 20.0,
)
