"""`LLM`: the one door to language models. It knows in which order to ask whom; each attempt is measured inside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from backend.core.config import Settings
from backend.core.errors import LLMError, LLMTimeout
from backend.core.monitoring import CheckResult, LLMRecorder

from .labelling import Labelling, Labels
from .line import Line
from .providers import Endpoint, chosen_endpoints

# Long enough for a question that is asked again in a burst. No longer, because another model may take the place of this
# one behind the same name and must not be answered for by it, and because operators look at the last five minutes: a
# provider in use has to be asked, and so be seen, within each of them.
_CACHE_SECONDS = 240.0


class AnswerCache(Protocol):
    """Where answers are kept: what is missing is computed once, however many ask."""

    async def get(self, key: str, compute: Callable[[], Awaitable[Any]], ttl_seconds: float) -> Any:
        """The value of `key`, computed when it is not there; values are plain JSON."""


def open_llm(settings: Settings, cache: AnswerCache) -> LLM | None:
    """The models that the settings choose, or None when they choose none; raises ConfigError. Does no I/O."""
    endpoints = chosen_endpoints(settings)
    if not endpoints:
        # The LLM metrics exist all the same, at 0: a question about spending is then answered, not left open.
        LLMRecorder("none", "none", free=True)
    return LLM(endpoints, timeout=settings.llm_timeout_seconds, cache=cache) if endpoints else None


class LLM:
    """The chosen models in order of preference; one that fails gives way to the next.

    `timeout` bounds one attempt, in seconds.
    """

    def __init__(self, endpoints: Sequence[Endpoint], *, timeout: float, cache: AnswerCache) -> None:
        self._lines = tuple(Line(endpoint, timeout) for endpoint in endpoints)
        self._cache = cache

    async def label(self, labelling: Labelling[Labels], text: str, *, within: float) -> Labels:
        """Fill the form for `text` within so many seconds, fallbacks included.

        Raises LLMTimeout when time ran out or every provider was too slow, LLMError when they failed otherwise.
        """
        deadline = asyncio.get_running_loop().time() + within
        failures: list[LLMError] = []
        for line in self._lines:
            try:
                return await self._kept(line, labelling, text, deadline)
            except LLMError as error:
                failures.append(error)
        kind = LLMTimeout if all(isinstance(failure, LLMTimeout) for failure in failures) else LLMError
        raise kind("; ".join(map(str, failures)))

    async def _kept(self, line: Line, labelling: Labelling[Labels], text: str, deadline: float) -> Labels:
        async def ask() -> dict[str, Any]:
            return (await line.label(labelling, text, deadline)).model_dump(mode="json")

        key = f"{line.provider}:{line.model_name}:{labelling.fingerprint(text)}"
        return labelling.output.model_validate(await self._cache.get(key, ask, _CACHE_SECONDS))

    async def ping(self) -> CheckResult:
        """Whether the models can be reached; costs no tokens. Degraded when only a fallback answers."""
        complaints = await asyncio.gather(*(line.complaint() for line in self._lines))
        answering = next((line for line, complaint in zip(self._lines, complaints, strict=True) if not complaint), None)
        message = "; ".join(filter(None, complaints))
        if answering is None:
            return CheckResult.unhealthy(message, provider=self._lines[0].provider)
        if answering is not self._lines[0]:
            return CheckResult.degraded(message, provider=answering.provider)
        return CheckResult.healthy(provider=answering.provider)

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.gather(*(line.close() for line in self._lines))
