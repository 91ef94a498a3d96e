"""A line to one endpoint: its client, its measured model, and how many calls it takes at a time."""

from __future__ import annotations

import asyncio

from openai import APIStatusError, AsyncOpenAI, OpenAIError
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings

from backend.core.errors import LLMTimeout

from .labelling import Labelling, Labels
from .measured import MeasuredModel
from .providers import Capability, Endpoint

_MAX_TOKENS = 1024  # far more than a form needs, thoughts included: bounds what an answer gone astray can cost
_PING_SECONDS = 1.5  # below the time that a health check has


class Line:
    """One endpoint; `timeout` bounds an attempt, in seconds."""

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        self.provider = endpoint.provider.name
        self.model_name = endpoint.model
        self._has_schema = Capability.JSON_SCHEMA in endpoint.provider.capabilities
        self._client = AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key.get_secret_value(),
            timeout=timeout,
            max_retries=0,  # a retry inside the client would be an attempt that nobody measures
        )
        self.model = MeasuredModel(
            _chat_model(endpoint, self._client), provider=self.provider, timeout=timeout, free=endpoint.provider.free
        )
        self._slots = asyncio.Semaphore(endpoint.provider.concurrency)

    async def label(self, labelling: Labelling[Labels], text: str, deadline: float) -> Labels:
        """One attempt, sent when a slot is free; `deadline` is on the loop's clock."""
        try:
            async with asyncio.timeout_at(deadline):
                await self._slots.acquire()
        except TimeoutError:
            raise LLMTimeout(f"{self.provider} was busy with other calls until the deadline") from None
        try:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                raise LLMTimeout(f"no time was left for {self.provider}")
            settings = ModelSettings(temperature=0.0, thinking=False, max_tokens=_MAX_TOKENS, timeout=left)
            parameters = labelling.parameters(with_schema=self._has_schema)
            return await self.model.ask(labelling.messages(text), settings, parameters, read=labelling.read)
        finally:
            self._slots.release()

    async def complaint(self) -> str:
        """What is wrong with the endpoint, or nothing. Asks for the list of models and does not read it."""
        try:
            async with self._client.models.with_streaming_response.list(timeout=_PING_SECONDS):
                return ""
        except APIStatusError as error:
            return f"{self.provider} answers with HTTP status {error.status_code}"
        except OpenAIError as error:
            return f"{self.provider} cannot be reached ({type(error).__name__})"

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _chat_model(endpoint: Endpoint, client: AsyncOpenAI) -> OpenAIChatModel:
    # A stream that ends without saying why was cut off.
    profile = OpenAIModelProfile(openai_chat_streaming_requires_finish_reason=True)
    provider = OpenAICompatibleProvider(endpoint.provider.name, openai_client=client, profile=profile)
    return OpenAIChatModel(endpoint.model, provider=provider)
