"""`MeasuredModel`: wraps a model and measures every attempt that is really sent.

It is the innermost wrapper, directly around the model that does the HTTP: whatever retries or falls back goes outside
of it, so that one attempt on the wire is one attempt in the metrics.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from openai import OpenAIError
from opentelemetry.trace import Span
from pydantic_ai import RunContext
from pydantic_ai.exceptions import AgentRunError, ModelHTTPError, ModelTimeoutError
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from backend.core.errors import LLMError, LLMTimeout
from backend.core.monitoring import LLMRecorder, Usage, current_request_id, get_logger
from backend.core.monitoring.status import Status
from backend.core.monitoring.tracing import contents, current, end_span, message, start_span, trace_headers

T = TypeVar("T")
_ROLES = {"system-prompt": "system", "user-prompt": "user", "text": "assistant"}
_log = get_logger("llm")


@dataclass(slots=True)
class _Attempt:
    """What is known of an attempt under way."""

    span: Span | None
    usage: Usage | None = None
    abandoned: bool = False
    readers_own: Exception | None = None  # raised by whoever reads a stream, not by the stream


class MeasuredModel(WrapperModel):
    """A model whose attempts are counted, timed, priced and bounded by a deadline.

    `timeout` is the longest that an attempt may take, to its last token, in seconds; the `timeout` of an attempt's own
    model settings can only shorten it. Failures become LLMError or LLMTimeout, whose text names provider and cause and
    never holds what was sent or answered.
    """

    def __init__(self, wrapped: Model, *, provider: str, timeout: float, free: bool = False) -> None:
        super().__init__(wrapped)
        self._vendor, self._timeout = provider, timeout
        self._recorder = LLMRecorder(provider, wrapped.model_name, free=free)

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Send one attempt; raises LLMError or LLMTimeout."""
        return await self.ask(messages, model_settings, model_request_parameters, read=lambda response: response)

    async def ask(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        *,
        read: Callable[[ModelResponse], T],
    ) -> T:
        """Send one attempt and give what `read` makes of the response; an answer that it cannot read is an error."""
        with self._attempt() as attempt:
            _note_prompt(attempt.span, messages)
            settings = _traced(model_settings, attempt.span)
            with current(attempt.span):
                async with asyncio.timeout(self._limit(model_settings)):
                    response = await super().request(messages, settings, model_request_parameters)
            _note_response(attempt.span, response)
            attempt.usage = _counted(response.usage)
            return read(response)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Stream one attempt; leaving it before its end counts as cancelled. Raises LLMError or LLMTimeout."""
        with self._attempt() as attempt:
            started = time.perf_counter()
            _note_prompt(attempt.span, messages)
            async with (
                asyncio.timeout(self._limit(model_settings)),
                super().request_stream(
                    messages, _traced(model_settings, attempt.span), model_request_parameters, run_context
                ) as stream,
            ):
                transport = stream.get_stream_cancel_errors()
                of_the_vendor: tuple[type[BaseException], ...] = (AgentRunError, OpenAIError, *transport)
                try:
                    yield stream
                except of_the_vendor:
                    raise
                except Exception as error:
                    attempt.readers_own = error
                    raise
                response = stream.get()
                _note_response(attempt.span, response, stream.time_to_first_chunk(started))
                attempt.abandoned = response.state != "complete"
                attempt.usage = None if attempt.abandoned else _counted(response.usage)

    def _limit(self, model_settings: ModelSettings | None) -> float:
        own = (model_settings or {}).get("timeout")
        return min(self._timeout, own) if isinstance(own, int | float) else self._timeout

    @contextmanager
    def _attempt(self) -> Iterator[_Attempt]:
        """Record how the block ends, and turn its failure into an error of our own."""
        attempt, started = _Attempt(start_span(self._recorder.work)), time.perf_counter()
        try:
            yield attempt
        except (asyncio.CancelledError, GeneratorExit):
            self._record(attempt, "cancelled", time.perf_counter() - started)
            raise
        except Exception as error:
            seconds = time.perf_counter() - started
            if error is attempt.readers_own:
                self._record(attempt, "cancelled", seconds)
                raise
            timed_out = isinstance(error, TimeoutError | ModelTimeoutError)
            with current(attempt.span):
                self._tell(error, seconds, timed_out=timed_out)
            self._record(attempt, "timeout" if timed_out else "error", seconds, error)
            # Not chained: a vendor's own text may repeat the prompt.
            raise self._failure(error, seconds, timed_out=timed_out) from None
        else:
            seconds = time.perf_counter() - started
            self._record(attempt, "cancelled" if attempt.abandoned else "success", seconds)

    def _record(self, attempt: _Attempt, status: Status, seconds: float, error: Exception | None = None) -> None:
        with current(attempt.span):
            self._recorder.record(status, seconds, attempt.usage)
        kind = str(error.status_code) if isinstance(error, ModelHTTPError) else error
        end_span(attempt.span, status, kind)

    def _tell(self, error: Exception, seconds: float, *, timed_out: bool) -> None:
        _log.warning(
            "llm_request_failed",
            provider=self._vendor,
            model=self.model_name,
            status="timeout" if timed_out else "error",
            error_type=type(error).__name__,
            duration_seconds=round(seconds, 6),
        )

    def _failure(self, error: Exception, seconds: float, *, timed_out: bool) -> LLMError:
        if timed_out:
            return LLMTimeout(f"{self._vendor} did not answer within {seconds:.1f} s")
        if isinstance(error, ModelHTTPError):
            return LLMError(f"{self._vendor} answered with HTTP status {error.status_code}")
        return LLMError(f"{self._vendor} gave no usable answer ({type(error).__name__})")


def _counted(usage: RequestUsage) -> Usage | None:
    """Tokens as the vendor reports them, or None when it reports none: its zero is a number, its silence is not."""
    if usage.unmeasured_requests:
        return None
    reasoning = usage.output_reasoning_tokens or usage.details.get("reasoning_tokens", 0)
    return Usage(usage.input_tokens, usage.output_tokens, usage.cache_read_tokens, reasoning)


def _traced(model_settings: ModelSettings | None, span: Span | None) -> ModelSettings | None:
    """The settings with the ids of the request and the trace, so that a vendor's log can be matched with ours."""
    request_id = current_request_id()
    ids = trace_headers(span) | ({} if request_id is None else {"X-Request-ID": request_id})
    if not ids:
        return model_settings
    settings = ModelSettings(**(model_settings or {}))
    settings["extra_headers"] = {**ids, **settings.get("extra_headers", {})}
    return settings


def _note_prompt(span: Span | None, prompt: list[ModelMessage]) -> None:
    if span is not None:
        parts: list[Any] = [part for each in prompt for part in each.parts if part.part_kind in _ROLES]
        spoken = [message(_ROLES[part.part_kind], str(part.content)) for part in parts]
        span.set_attributes(contents({"gen_ai.input.messages": spoken}))


def _note_response(span: Span | None, response: ModelResponse, first_chunk: float | None = None) -> None:
    if span is None:
        return
    if first_chunk is not None:
        span.set_attribute("gen_ai.response.time_to_first_chunk", first_chunk)
    span.set_attribute("gen_ai.response.model", response.model_name or "")
    if response.finish_reason:
        span.set_attribute("gen_ai.response.finish_reasons", [response.finish_reason])
    span.set_attributes(contents({"gen_ai.output.messages": [message("assistant", response.text or "")]}))
