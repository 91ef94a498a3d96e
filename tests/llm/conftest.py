"""A scripted vendor, and models that ask it."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from openai import AsyncOpenAI
from pydantic import BaseModel, SecretStr
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

from backend.llm import LLM, PROVIDERS, Endpoint, Labelling, MeasuredModel
from tests import ports

from .vendor import Vendor, completion, running_vendor

_names = itertools.count()


@pytest.fixture
def model_name() -> str:
    """A name that no other test counts under."""
    return f"scripted-{next(_names)}"


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    async with running_vendor(completion()) as vendor:
        yield vendor


class Kept:
    """A cache of answers for one test."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    async def get(self, key: str, compute: Callable[[], Awaitable[Any]], ttl_seconds: float) -> Any:
        assert ttl_seconds > 0
        if key not in self.values:
            self.values[key] = await compute()
        return self.values[key]


MakeLLM = Callable[..., LLM]


@pytest.fixture
async def make_llm(model_name: str) -> AsyncIterator[MakeLLM]:
    """`make_llm(("local", vendor.base_url), …)`: the door to these endpoints, preferred first."""
    opened: list[LLM] = []

    def make(*endpoints: tuple[str, str], timeout: float = 5.0, cache: Any = None) -> LLM:
        chosen = [Endpoint(PROVIDERS[name], model_name, url, SecretStr("secret-key")) for name, url in endpoints]
        opened.append(LLM(chosen, timeout=timeout, cache=cache or Kept()))
        return opened[-1]

    yield make
    for llm in opened:
        await llm.close()


@pytest.fixture
async def measured(vendor: Vendor, model_name: str) -> AsyncIterator[Callable[..., MeasuredModel]]:
    """`measured(timeout=…)`: a measured model of the provider `openai` that asks the scripted vendor."""
    client = AsyncOpenAI(base_url=vendor.base_url, api_key="secret-key", max_retries=0)

    def make(provider: str = "openai", model: str = model_name, **options: Any) -> MeasuredModel:
        scripted = OpenAIChatModel(model, provider=OpenAICompatibleProvider(provider, openai_client=client))
        return MeasuredModel(scripted, provider=provider, **{"timeout": 5.0, **options})

    yield make
    await client.close()


class Colours(BaseModel):
    """A form with one field."""

    colour: str


COLOURS = Labelling(
    name="colours",
    output=Colours,
    instructions="Copy the colour.",
    examples=(("a red door", Colours(colour="red")),),
)
GREEN = '{"colour": "green"}'


@pytest.fixture
def free_port() -> int:
    """A loopback port that nobody listens on."""
    return ports.free_port()
