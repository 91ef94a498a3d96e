"""What is tracked is a span below the one it was called in, with the outcome that its counter has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode, get_current_span

from backend.core.monitoring import (
    track_agent_execution,
    track_cache,
    track_db_query,
    track_llm_request,
    track_tool_execution,
)
from backend.core.monitoring.tracing import configure_tracing

pytestmark = pytest.mark.usefixtures("logs")
Spans = Callable[[], list[ReadableSpan]]


def outcome(span: ReadableSpan) -> tuple[str, Any, bool]:
    return span.name, (span.attributes or {})["status"], span.status.status_code is StatusCode.ERROR


def below(span: ReadableSpan) -> int | None:
    return span.parent and span.parent.span_id


async def test_calls_within_calls_are_spans_below_spans(spans: Spans) -> None:
    """Agent, tool, model, statement and look-up, whether awaited or called."""

    @track_cache("search")
    async def look_up() -> None: ...

    @track_db_query("select", "records")
    def query() -> int:
        return 1

    @track_llm_request("local", "m", free=True)
    async def ask() -> Any:
        return SimpleNamespace(usage={"prompt_tokens": 5, "completion_tokens": 2})

    @track_tool_execution("t")
    async def tool() -> None:
        await look_up()
        query()

    @track_agent_execution("a")
    async def agent() -> None:
        await asyncio.gather(tool(), ask())

    await agent()
    ended = {span.name: span for span in spans()}
    ids = {name: span.context.span_id for name, span in ended.items() if span.context}
    assert {name: below(span) for name, span in ended.items()} == {
        "invoke_agent a": None,
        "execute_tool t": ids["invoke_agent a"],
        "chat m": ids["invoke_agent a"],
        "cache search": ids["execute_tool t"],
        "SELECT records": ids["execute_tool t"],
    }
    chat = ended["chat m"].attributes or {}
    assert chat["gen_ai.provider.name"] == "local"
    assert (chat["gen_ai.usage.input_tokens"], chat["gen_ai.usage.output_tokens"]) == (5, 2)
    assert (ended["cache search"].attributes or {})["cache.hit"] is False


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("asha@example.org"), ("execute_tool t", "error", True)),
        (TimeoutError(), ("execute_tool t", "error", True)),
        (asyncio.CancelledError(), ("execute_tool t", "cancelled", False)),
    ],
)
async def test_it_ends_with_the_outcome(spans: Spans, error: BaseException, expected: tuple[Any, ...]) -> None:
    """The word of its counter, which knows no timeout of a tool; what an exception says is not repeated."""

    @track_tool_execution("t")
    async def tool() -> None:
        raise error

    with pytest.raises(type(error)):
        await tool()
    (span,) = spans()
    assert outcome(span) == expected
    assert "asha" not in span.to_json()


async def test_no_span_is_current_where_a_generator_has_yielded(spans: Spans) -> None:
    """What the consumer does in between is none of its business, and what the generator does is."""
    inside: list[int] = []

    @track_tool_execution("t")
    async def numbers() -> AsyncGenerator[int, None]:
        for number in range(2):
            inside.append(get_current_span().get_span_context().span_id)
            yield number

    @track_tool_execution("u")
    def letters() -> Generator[str, None, None]:
        inside.append(get_current_span().get_span_context().span_id)
        yield "a"

    async for _ in numbers():
        assert not get_current_span().get_span_context().is_valid
    for _ in letters():
        assert not get_current_span().get_span_context().is_valid
    assert not get_current_span().get_span_context().is_valid
    first, second = spans()
    assert first.context is not None
    assert second.context is not None
    assert inside == [first.context.span_id] * 2 + [second.context.span_id]


async def test_a_stream_that_is_left_half_way_ends_as_cancelled(spans: Spans) -> None:
    """With the time until its first chunk, if it is a model's."""

    @track_llm_request("local", "m", free=True)
    async def stream() -> AsyncGenerator[dict[str, Any], None]:
        yield {"text": "a"}
        yield {"text": "b"}

    chunks = stream()
    await anext(chunks)
    await chunks.aclose()
    (span,) = spans()
    assert outcome(span) == ("chat m", "cancelled", False)
    seconds = (span.attributes or {})["gen_ai.response.time_to_first_chunk"]
    assert isinstance(seconds, float)
    assert 0 <= seconds < 5


async def test_a_statement_that_nobody_asked_for_is_no_trace(spans: Spans) -> None:
    """Those of the start and of the health checks would be most of all traces."""

    @track_db_query("select", "records")
    def query() -> None: ...

    query()
    assert spans() == []


async def test_without_a_provider_there_is_no_span() -> None:
    """And none is current."""
    configure_tracing(None)

    @track_tool_execution("t")
    async def tool() -> bool:
        return get_current_span().get_span_context().is_valid

    assert await tool() is False
