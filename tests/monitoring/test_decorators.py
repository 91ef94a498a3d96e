"""`@track_…` measures any kind of callable and changes nothing about it."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import Any

import pytest

from backend.core.monitoring import (
    ToolRecorder,
    observing,
    track_agent_execution,
    track_cache,
    track_db_query,
    track_llm_request,
    track_tool_execution,
)


def statuses(rise: Any, name: str = "tool_executions_total", label: str = "tool_name") -> Any:
    watched = {status: rise(name, **{label: "t"}, status=status) for status in ("success", "error", "cancelled")}
    return lambda: {status: risen() for status, risen in watched.items() if risen()}


@track_tool_execution("t")
async def coroutine(value: int, *, fail: bool = False) -> int:
    """The original's docstring."""
    if fail:
        raise LookupError("no")
    await asyncio.sleep(0)
    return value


@track_tool_execution("t")
def function(value: int) -> int:
    return value


@track_tool_execution("t")
def generator(count: int) -> Generator[int, str, str]:
    received = ""
    for index in range(count):
        received += (yield index) or ""
    return received


@track_tool_execution("t")
async def async_generator(count: int) -> AsyncGenerator[int, str]:
    for index in range(count):
        answer = yield index
        if answer == "stop":
            raise LookupError("told to")


def test_kind_name_and_signature_stay() -> None:
    """Frameworks look at them."""
    assert inspect.iscoroutinefunction(coroutine)
    assert inspect.isgeneratorfunction(generator)
    assert inspect.isasyncgenfunction(async_generator)
    assert (coroutine.__name__, coroutine.__doc__) == ("coroutine", "The original's docstring.")
    assert list(inspect.signature(coroutine).parameters) == ["value", "fail"]


async def test_values_pass_and_success_is_counted(rise: Any) -> None:
    """One execution each, of all four kinds."""
    counted, timed = statuses(rise), rise("tool_execution_duration_seconds_count", tool_name="t")
    assert await coroutine(3) == 3
    assert function(4) == 4
    assert list(generator(2)) == [0, 1]
    assert [item async for item in async_generator(2)] == [0, 1]
    assert (counted(), timed()) == ({"success": 4}, 4)


async def test_errors_pass_and_are_counted(rise: Any) -> None:
    """The exception is the caller's as it was."""
    counted = statuses(rise)
    with pytest.raises(LookupError, match="no"):
        await coroutine(1, fail=True)
    assert counted() == {"error": 1}


async def test_cancellation_is_no_error(rise: Any) -> None:
    """A caller that gave up says nothing about the tool."""
    counted = statuses(rise)

    @track_tool_execution("t")
    async def hang() -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert counted() == {"cancelled": 1}


async def test_generators_talk_in_both_directions(rise: Any) -> None:
    """`send`, `throw`, the return value, `asend` and `athrow` reach the generator behind."""
    counted = statuses(rise)
    talk = generator(2)
    next(talk)
    assert talk.send("a") == 1
    with pytest.raises(StopIteration) as stop:
        talk.send("b")
    assert stop.value.value == "ab"
    chat = async_generator(3)
    await anext(chat)
    with pytest.raises(LookupError, match="told to"):
        await chat.asend("stop")
    refusing = generator(2)
    next(refusing)
    with pytest.raises(KeyError):
        refusing.throw(KeyError("thrown in"))
    assert counted() == {"success": 1, "error": 2}


async def test_a_consumer_that_stops_early_cancels(rise: Any) -> None:
    """`break` and `aclose` close the generator behind and count as cancelled."""
    counted, closed = statuses(rise), []

    @track_tool_execution("t")
    def numbers() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append("sync")

    @track_tool_execution("t")
    async def more() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append("async")

    sync = numbers()
    next(sync)
    sync.close()
    stream: Any = more()
    await anext(stream)
    await stream.aclose()
    assert (counted(), closed) == ({"cancelled": 2}, ["sync", "async"])


async def test_an_agent_is_active_while_it_runs_and_fails_by_name(rise: Any, logs: Any) -> None:
    """Gauge, counters, duration and the event that the guide greps for."""
    active = rise("active_agents")
    failed = rise("agent_executions_total", agent_type="weaver", status="error")
    named = rise("agent_errors_total", agent_type="weaver", error_type="LookupError")

    @track_agent_execution("weaver")
    async def run() -> None:
        assert active() == 1
        raise LookupError("no yarn")

    with pytest.raises(LookupError):
        await run()
    assert (active(), failed(), named()) == (0, 1, 1)
    (line,) = logs.of("agent_execution_failed")
    assert (line["level"], line["agent_type"], line["error"]) == ("error", "weaver", "no yarn")


async def test_tokens_and_cost_come_from_the_returned_usage(rise: Any) -> None:
    """Priced by the dated table: gpt-4o-mini at 0.15 and 0.60 USD a million tokens."""
    labels = {"provider": "openai", "model": "gpt-4o-mini"}
    cost = rise("llm_cost_usd_total", **labels)
    prompt = rise("llm_tokens_used_total", **labels, type="prompt")
    unpriced = rise("llm_unpriced_requests_total", **labels)

    @track_llm_request("openai", "gpt-4o-mini")
    async def call() -> dict[str, Any]:
        return {"usage": {"prompt_tokens": 1_000_000, "completion_tokens": 1_000_000}}

    await call()
    assert prompt() == 1_000_000
    assert cost() == pytest.approx(0.75)
    assert unpriced() == 0


async def test_a_streams_usage_stands_in_its_last_chunk_that_has_one(rise: Any) -> None:
    """And an abandoned stream counts as cancelled."""
    labels = {"provider": "openai", "model": "streaming"}
    tokens = rise("llm_tokens_used_total", **labels, type="completion")
    cancelled = rise("llm_requests_total", **labels, status="cancelled")

    @track_llm_request("openai", "streaming")
    async def stream() -> AsyncGenerator[dict[str, Any], None]:
        yield {"text": "a"}
        yield {"usage": {"prompt_tokens": 1, "completion_tokens": 7}}
        yield {"text": "bye"}

    _ = [chunk async for chunk in stream()]
    assert tokens() == 7
    abandoned = stream()
    await anext(abandoned)
    await abandoned.aclose()
    assert cancelled() == 1


@pytest.mark.parametrize(("model", "free", "unpriced"), [("mixtral-8x7b", False, 1), ("smollm2", True, 0)])
async def test_unknown_prices_are_unpriced_and_never_zero(rise: Any, model: str, free: bool, unpriced: int) -> None:
    """Only a model that is declared free costs nothing."""
    labels = {"provider": "groq", "model": model}
    counted, cost = rise("llm_unpriced_requests_total", **labels), rise("llm_cost_usd_total", **labels)

    @track_llm_request("groq", model, free=free)
    async def call() -> dict[str, Any]:
        return {"usage": {"prompt_tokens": 10, "completion_tokens": 10}}

    await call()
    assert (counted(), cost()) == (unpriced, 0)


async def test_a_timeout_is_told_apart_from_other_errors(rise: Any) -> None:
    """LLM attempts know the status `timeout`."""
    counted = rise("llm_requests_total", provider="groq", model="m", status="timeout")

    @track_llm_request("groq", "m")
    async def call() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await call()
    assert counted() == 1


def test_cache_and_query_decorators(rise: Any) -> None:
    """None is a miss; a failed query counts like any other."""
    hits, misses = rise("cache_hits_total", cache_type="c"), rise("cache_misses_total", cache_type="c")
    queries = rise("db_queries_total", operation="select", table="shops")
    timed = rise("db_query_duration_seconds_count", operation="select", table="shops")
    look_up = track_cache("c")({"a": 1}.get)
    assert [look_up("a"), look_up("b"), look_up("a")] == [1, None, 1]

    @track_db_query("select", "shops")
    def query(fail: bool) -> None:
        if fail:
            raise OSError("gone")

    query(fail=False)
    with pytest.raises(OSError, match="gone"):
        query(fail=True)
    assert (hits(), misses(), queries(), timed()) == (2, 1, 2, 2)


def test_a_fault_of_the_telemetry_never_reaches_the_caller(logs: Any) -> None:
    """It is told as what it is."""

    class Broken:
        work = ToolRecorder("t").work

        def begin(self) -> None:
            raise RuntimeError("begin")

        def end(self, *_: object) -> None:
            raise RuntimeError("end")

    assert observing.observed(lambda: 5, Broken())() == 5
    assert [line["error"] for line in logs.of("telemetry_failed")] == ["begin", "end"]


async def test_partials_and_callable_objects_are_measured_as_what_they_hold(rise: Any) -> None:
    """Their execution is awaited, or a failing call would count as a quick success; their signature stays."""
    counted = statuses(rise)

    class Tool:
        async def __call__(self, value: int, *, fail: bool = False) -> int:
            return await coroutine.__wrapped__(value, fail=fail)  # type: ignore[attr-defined,no-any-return]

    for each in (functools.partial(coroutine.__wrapped__, 1), functools.partial(Tool(), 1)):  # type: ignore[attr-defined]
        tracked = track_tool_execution("t")(each)
        assert inspect.iscoroutinefunction(tracked)
        with pytest.raises(LookupError):
            await tracked(fail=True)
    assert list(inspect.signature(track_tool_execution("t")(Tool())).parameters) == ["value", "fail"]
    assert counted() == {"error": 2}


async def test_an_item_that_cannot_be_looked_at_passes(rise: Any) -> None:
    """Only we ask a yielded item for its usage; its fault must not reach the consumer."""

    class Odd:
        @property
        def usage(self) -> None:
            raise RuntimeError("not yet")

    @track_tool_execution("t")
    async def odd() -> AsyncIterator[Odd]:
        yield Odd()
        yield Odd()

    counted = statuses(rise)
    assert len([item async for item in odd()]) == 2
    assert counted() == {"success": 1}
