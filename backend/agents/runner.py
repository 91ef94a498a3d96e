"""The runner that all agents share: it bounds, measures and tells every run."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncGenerator, Awaitable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeVar

from opentelemetry.trace import Span, SpanKind

from backend.catalog import Hit
from backend.core.errors import (
    AgentError,
    AgentStepLimit,
    AgentTimeout,
    ArtisanError,
    LLMError,
    LLMTimeout,
    NotFound,
    ToolError,
)
from backend.core.monitoring import AgentRecorder, Execution, get_logger
from backend.core.monitoring.tracing import Work, contents, current, message, spanning
from backend.tools import Toolbox

from .agent import Agent, AgentCard, Plan
from .events import Event, RunCompleted, RunFailed, RunStarted, StepCompleted, StepStarted
from .run import AgentRun, Answer, Citation, Outcome, Step, ToolCall, ToolResult

MAX_STEPS = 12
TIME_LIMIT_SECONDS = 120.0
_FORESEEN = (AgentError, AgentTimeout, AgentStepLimit, ToolError, LLMError, LLMTimeout)
T = TypeVar("T")
_log = get_logger("agents")


@dataclass(slots=True)
class _Run:
    """A run under way; `deadline` is on the loop's clock."""

    agent: Agent
    query: str
    deadline: float
    started: float = field(default_factory=time.perf_counter)
    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    steps: list[Step] = field(default_factory=list)
    span: Span | None = None
    answer: Answer | None = None

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.started


class AgentRunner:
    """Runs agents by name, at most `max_steps` tool calls and `time_limit` seconds each."""

    def __init__(
        self,
        agents: Iterable[Agent],
        tools: Toolbox,
        *,
        max_steps: int = MAX_STEPS,
        time_limit: float = TIME_LIMIT_SECONDS,
    ) -> None:
        self._agents = {agent.agent_type: agent for agent in agents}
        self._tools = tools
        self._max_steps, self._time_limit = max_steps, time_limit
        self._recorders = {name: AgentRecorder(name, (error.__name__ for error in _FORESEEN)) for name in self._agents}

    def cards(self) -> tuple[AgentCard, ...]:
        """The agents that can be run."""
        return tuple(AgentCard(each.agent_type, each.description, each.tools) for each in self._agents.values())

    def require(self, agent_type: str) -> Agent:
        """The agent of this name; raises NotFound when there is none."""
        agent = self._agents.get(agent_type)
        if agent is None:
            raise NotFound(f"there is no agent {agent_type[:50]!r}; there are {', '.join(self._agents)}")
        return agent

    async def run(self, agent_type: str, query: str) -> AgentRun:
        """Run to the end; raises NotFound for an unknown agent and AgentError when there is no answer."""
        finished: AgentRun | None = None
        async with aclosing(self._events(self._new_run(agent_type, query))) as events:
            async for event in events:
                finished = event.run if isinstance(event, RunCompleted) else finished
        assert finished is not None
        return finished

    def stream(self, agent_type: str, query: str) -> AsyncGenerator[Event, None]:
        """The events of a run as they happen; an error becomes a last event. Raises NotFound at once.

        Closing the stream cancels the run.
        """
        return self._told(self._new_run(agent_type, query))

    async def _told(self, run: _Run) -> AsyncGenerator[Event, None]:
        try:
            async with aclosing(self._events(run)) as events:
                async for event in events:
                    yield event
        except ArtisanError as error:
            yield RunFailed(run.run_id, error.status, error.title, str(error))
        except Exception:  # its log line is written; a client learns no more than this
            yield RunFailed(run.run_id, AgentError.status, AgentError.title, "The run failed.")

    def _new_run(self, agent_type: str, query: str) -> _Run:
        return _Run(self.require(agent_type), query, asyncio.get_running_loop().time() + self._time_limit)

    async def _events(self, run: _Run) -> AsyncGenerator[Event, None]:
        with Execution(self._recorders[run.agent.agent_type]) as execution:
            run.span = execution.span
            _note_contents(run.span, "gen_ai.input.messages", [message("user", run.query)])
            yield RunStarted(run.run_id, run.agent.agent_type, run.query)
            async with aclosing(run.agent.plan(run.query)) as plan, aclosing(self._steps(run, plan)) as steps:
                async for event in steps:
                    yield event
            finished = _finish(run)
            _note_contents(run.span, "gen_ai.output.messages", [message("assistant", finished.answer)])
        # Outside of the recording: who leaves now has the answer.
        yield RunCompleted(finished)

    async def _steps(self, run: _Run, plan: Plan) -> AsyncGenerator[Event, None]:
        """Follow the plan to its answer."""
        said = await self._within(run, anext(plan))
        while isinstance(said, ToolCall):
            number = len(run.steps) + 1
            if number > self._max_steps:
                raise AgentStepLimit(f"the run needed more than {self._max_steps} steps")
            yield StepStarted(number, said.tool, said.arguments)
            step, result = await self._call(run, said)
            run.steps.append(step)
            yield StepCompleted(number, step)
            said = await self._within(run, plan.asend(result))
        run.answer = said

    async def _call(self, run: _Run, call: ToolCall) -> tuple[Step, ToolResult]:
        """Call a tool. Its failure is noted in the run and does not end it."""
        started, found, error = time.perf_counter(), None, None
        work = Work("step", SpanKind.INTERNAL, {"step.number": len(run.steps) + 1, "gen_ai.tool.name": call.tool})
        try:
            with spanning(work, run.span) as step:
                found = await self._within(run, self._tools.call(call.tool, call.arguments), step)
        except AgentTimeout:
            raise
        except ToolError as failure:
            error = str(failure)
        except Exception as failure:  # a fault of the tool is no reason to give up the run
            error = f"{call.tool} failed"
            _log.error("tool_execution_failed", tool=call.tool, run_id=run.run_id, exc_info=failure)
        seconds = round(time.perf_counter() - started, 6)
        outcome: Outcome = "error" if error else "success"
        _log.debug("tool_called", tool=call.tool, run_id=run.run_id, outcome=outcome, duration_seconds=seconds)
        result = ToolResult(found.hits, found.relaxed) if found else ToolResult(error=error)
        return Step(call.tool, call.arguments, outcome, seconds, len(result.hits), error), result

    async def _within(self, run: _Run, work: Awaitable[T], span: Span | None = None) -> T:
        """What `work` gives; raises AgentTimeout when it is not there at the run's deadline."""
        try:
            async with asyncio.timeout_at(run.deadline) as limit:
                with current(span or run.span):
                    return await work
        except TimeoutError:
            if not limit.expired():
                raise  # somebody else's timeout, inside of `work`
            raise AgentTimeout(f"the run took longer than {self._time_limit:g} s") from None
        except StopAsyncIteration:
            raise AgentError("the agent ended without an answer") from None


def _note_contents(span: Span | None, name: str, value: Any) -> None:
    if span is not None:
        span.set_attributes(contents({name: value}))


def _finish(run: _Run) -> AgentRun:
    """The finished run; raises AgentError when it stands on nothing."""
    assert run.answer is not None
    if run.steps and all(step.outcome == "error" for step in run.steps):
        raise AgentError(f"every tool failed: {'; '.join(str(step.error) for step in run.steps)}")
    return AgentRun(
        run_id=run.run_id,
        agent_type=run.agent.agent_type,
        query=run.query,
        answer=run.answer.text,
        citations=tuple(_citation(hit) for hit in run.answer.cited),
        steps=tuple(run.steps),
        understanding=run.answer.understanding,
        duration_seconds=round(run.seconds, 6),
    )


def _citation(hit: Hit) -> Citation:
    record = hit.record
    return Citation(record.key, record.name, record.sources, record.website)
