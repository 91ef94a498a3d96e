"""What the runner promises for every agent: bounds, metrics, log lines, events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from itertools import count
from typing import Any

import pytest

from backend.agents import AgentRunner, Answer, Plan, ToolCall, ToolResult
from backend.catalog import Hit, Record
from backend.core.errors import AgentError, AgentStepLimit, AgentTimeout, NotFound, ToolError
from backend.core.monitoring.metrics import REGISTRY
from backend.tools import Arguments, Found, Toolbox

RECORD = Record(
    key="khurja", kind="supplier", name="Khurja Clay", craft="pottery", materials=("clay",), place="Khurja",
    district="Bulandshahr", state="Uttar Pradesh", months=(), gi_year=None, gi_application=None,
    description="Clay.", website="https://example.org", sources=("a list",),
)  # fmt: skip
HIT = Hit(RECORD, 1.0, ("text",))
FOUND = ToolCall("found", {})
FAILING = ToolCall("failing", {})
HANGING = ToolCall("hanging", {})
BROKEN = ToolCall("broken", {})
STAGES = count()  # an agent type of its own for each stage: the metrics of a process know no tests


class Plain:
    """A tool whose work is a function."""

    description = "For tests."
    arguments = Arguments

    def __init__(self, name: str, work: Callable[[], Any]) -> None:
        self.name, self.work = name, work

    async def __call__(self, arguments: Arguments) -> Found:
        result = self.work()
        return await result if asyncio.iscoroutine(result) else result


class Scripted:
    """An agent that makes these calls and then answers, or does what `end` does."""

    description = "For tests."
    tools = ("found", "failing", "hanging", "broken")

    def __init__(self, agent_type: str, *calls: ToolCall, end: Callable[[], Any] | None = None) -> None:
        self.agent_type, self.calls, self.end = agent_type, calls, end
        self.results: list[ToolResult] = []
        self.closed = False

    async def plan(self, query: str) -> AsyncGenerator[ToolCall | Answer, ToolResult]:
        try:
            for call in self.calls:
                self.results.append((yield call))
            if self.end is not None:
                result = self.end()
                if asyncio.iscoroutine(result):
                    await result
                return
            yield Answer(f"about {query}", tuple(hit for result in self.results for hit in result.hits))
        finally:
            self.closed = True


class Stage:
    """A runner with one scripted agent, and what it has counted since."""

    def __init__(self, *calls: ToolCall, end: Callable[[], Any] | None = None, **bounds: Any) -> None:
        self.hanging = asyncio.Event()
        self.agent = Scripted(f"scripted_{next(STAGES)}", *calls, end=end)
        tools = (
            Plain("found", lambda: Found((HIT,), ("state",))),
            Plain("failing", lambda: _raise(ToolError("the shelf is empty"))),
            Plain("broken", lambda: _raise(ZeroDivisionError("a secret"))),
            Plain("hanging", self._hang),
        )
        self.runner = AgentRunner([self.agent], Toolbox(tools), **bounds)

    async def _hang(self) -> Found:
        self.hanging.set()
        await asyncio.Event().wait()
        return Found()

    async def run(self) -> Any:
        return await self.runner.run(self.agent.agent_type, "clay")

    def stream(self) -> Any:
        return self.runner.stream(self.agent.agent_type, "clay")

    @property
    def counted(self) -> dict[str, float]:
        """Runs by outcome, but for those that are 0."""
        labels = {"agent_type": self.agent.agent_type}
        totals = {
            status: REGISTRY.value("agent_executions_total", **labels, status=status) or 0.0
            for status in ("success", "error", "cancelled")
        }
        assert REGISTRY.value("agent_execution_duration_seconds_count", **labels) == sum(totals.values())
        return {status: total for status, total in totals.items() if total}

    def errors(self, error_type: str) -> float | None:
        return REGISTRY.value("agent_errors_total", agent_type=self.agent.agent_type, error_type=error_type)


def _raise(error: Exception) -> None:
    raise error


@pytest.fixture(autouse=True)
def nobody_stays_active(rise: Any) -> Any:
    """Whatever happens to a run, `active_agents` comes back."""
    active = rise("active_agents")
    yield
    assert active() == 0


def test_label_sets_exist_at_zero() -> None:
    """Each outcome, and each error that is foreseen."""
    stage = Stage()
    assert stage.counted == {}
    for error_type in ("AgentError", "AgentTimeout", "AgentStepLimit", "ToolError", "LLMError", "LLMTimeout"):
        assert stage.errors(error_type) == 0


async def test_a_run_answers_with_steps_and_citations(logs: Any) -> None:
    """Results reach the agent, and the caller sees what was done."""
    stage = Stage(FOUND)
    run = await stage.run()
    assert (run.agent_type, run.query, run.answer) == (stage.agent.agent_type, "clay", "about clay")
    assert [(cited.key, cited.name, cited.sources, cited.website) for cited in run.citations] == [
        ("khurja", "Khurja Clay", ("a list",), "https://example.org")
    ]
    (step,) = run.steps
    assert (step.tool, step.outcome, step.found, step.error) == ("found", "success", 1, None)
    assert stage.agent.results == [ToolResult((HIT,), ("state",))]
    assert stage.counted == {"success": 1}
    (line,) = logs.of("agent_execution_completed")
    assert line["agent_type"] == stage.agent.agent_type
    assert logs.of("tool_called")[0]["level"] == "debug"


async def test_a_tool_error_is_survived_and_noted() -> None:
    """The agent is told, and goes on."""
    stage = Stage(FAILING, FOUND)
    run = await stage.run()
    assert [(step.outcome, step.error) for step in run.steps] == [("error", "the shelf is empty"), ("success", None)]
    assert stage.agent.results[0].error == "the shelf is empty"
    assert stage.counted == {"success": 1}


async def test_a_fault_of_a_tool_is_survived_and_logged(logs: Any) -> None:
    """With its traceback in the log, and nothing of it for the caller."""
    run = await Stage(BROKEN, FOUND).run()
    assert run.steps[0].error == "broken failed"
    (line,) = logs.of("tool_execution_failed")
    assert (line["level"], line["tool"]) == ("error", "broken")
    assert "ZeroDivisionError" in json.dumps(line)


async def test_a_run_whose_tools_all_failed_is_an_error(logs: Any) -> None:
    """An answer that stands on nothing is none."""
    stage = Stage(FAILING, BROKEN)
    with pytest.raises(AgentError, match="every tool failed: the shelf is empty; broken failed"):
        await stage.run()
    assert (stage.counted, stage.errors("AgentError")) == ({"error": 1}, 1)
    (line,) = logs.of("agent_execution_failed")
    assert line["level"] == "error"


async def test_a_run_without_tools_may_answer() -> None:
    """To have nothing to look up is no failure."""
    assert (await Stage().run()).steps == ()


async def test_steps_are_bounded() -> None:
    """An agent that never comes to an end is stopped."""
    stage = Stage(*[FOUND] * 9, max_steps=3)
    with pytest.raises(AgentStepLimit, match="more than 3 steps"):
        await stage.run()
    assert len(stage.agent.results) == 3
    assert stage.agent.closed
    assert (stage.counted, stage.errors("AgentStepLimit")) == ({"error": 1}, 1)


async def test_as_many_steps_as_allowed_are_no_error() -> None:
    """The bound itself is within bounds."""
    assert len((await Stage(*[FOUND] * 3, max_steps=3).run()).steps) == 3


async def test_a_tool_that_hangs_ends_at_the_time_limit() -> None:
    """The limit is for the whole run, and the tool is told to stop."""
    stage = Stage(FOUND, HANGING, time_limit=0.05)
    with pytest.raises(AgentTimeout, match=r"longer than 0\.05 s"):
        await stage.run()
    assert stage.agent.closed
    assert (stage.counted, stage.errors("AgentTimeout")) == ({"error": 1}, 1)


async def test_an_agent_that_hangs_ends_at_the_time_limit() -> None:
    """Thinking is part of the run."""
    stage = Stage(end=lambda: asyncio.Event().wait(), time_limit=0.05)
    with pytest.raises(AgentTimeout):
        await stage.run()
    assert stage.counted == {"error": 1}


async def test_another_timeout_is_not_the_time_limit() -> None:
    """What a library calls a timeout is a fault of the agent."""
    stage = Stage(end=lambda: _raise(TimeoutError("elsewhere")))
    with pytest.raises(TimeoutError, match="elsewhere"):
        await stage.run()
    assert (stage.counted, stage.errors("TimeoutError")) == ({"error": 1}, 1)


async def test_an_agent_that_ends_without_an_answer_is_an_error() -> None:
    """A plan has to say something."""
    with pytest.raises(AgentError, match="without an answer"):
        await Stage(FOUND, end=lambda: None).run()


async def test_an_unknown_agent_is_not_found() -> None:
    """At once, also for a stream: before anything was sent."""
    runner = Stage().runner
    with pytest.raises(NotFound, match="no agent 'oracle'"):
        await runner.run("oracle", "clay")
    with pytest.raises(NotFound):
        runner.stream("oracle", "clay")


async def test_a_cancelled_run_is_cancelled_and_no_error(logs: Any) -> None:
    """The client left; nothing failed."""
    stage = Stage(HANGING)
    run = asyncio.create_task(stage.run())
    await stage.hanging.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert stage.agent.closed
    assert stage.counted == {"cancelled": 1}
    assert len(logs.of("agent_execution_cancelled")) == 1
    assert not logs.of("agent_execution_failed")


async def test_the_events_of_a_run() -> None:
    """In order, steps numbered, the answer last; every event is JSON."""
    stage = Stage(FOUND, FAILING)
    events = [event async for event in stage.stream()]
    assert [event.name for event in events] == [
        "run_started", "step_started", "step_completed", "step_started", "step_completed", "run_completed",
    ]  # fmt: skip
    bodies = [json.loads(event.json()) for event in events]
    assert [body["number"] for body in bodies[1:5]] == [1, 1, 2, 2]
    assert bodies[0]["run_id"] == bodies[-1]["run"]["run_id"]
    assert bodies[-1]["run"]["answer"] == "about clay"


@pytest.mark.parametrize(
    ("fault", "status", "detail"),
    [(AgentTimeout("too long"), 504, "too long"), (ZeroDivisionError("a secret"), 500, "The run failed.")],
)
async def test_a_failed_stream_ends_with_the_failure(fault: Exception, status: int, detail: str) -> None:
    """With the HTTP status that it stands for; an unexpected error keeps its words to itself."""
    stage = Stage(FOUND, end=lambda: _raise(fault))
    *_, last = [event async for event in stage.stream()]
    assert (last.name, last.status, last.detail) == ("run_failed", status, detail)
    assert stage.counted == {"error": 1}


async def test_closing_a_stream_cancels_its_run() -> None:
    """The rest of the plan is not carried out."""
    stage = Stage(FOUND, FOUND)
    async with aclosing(stage.stream()) as events:
        async for event in events:
            if event.name == "step_completed":
                break
    assert stage.agent.closed
    assert len(stage.agent.results) == 0
    assert stage.counted == {"cancelled": 1}


async def test_leaving_after_the_answer_is_a_success() -> None:
    """Whoever has read the last event has everything."""
    stage = Stage(FOUND)
    async with aclosing(stage.stream()) as events:
        async for event in events:
            if event.name == "run_completed":
                break
    assert stage.counted == {"success": 1}


async def test_a_stream_that_nobody_reads_is_no_run() -> None:
    """Nothing starts before the first event is asked for."""
    stage = Stage(FOUND)
    await stage.stream().aclose()
    assert stage.counted == {}


async def test_runs_at_the_same_time_do_not_mix() -> None:
    """Each has its own steps and its own id."""
    stage = Stage(FOUND)
    runs = await asyncio.gather(*(stage.run() for _ in range(5)))
    assert len({run.run_id for run in runs}) == 5
    assert all(len(run.steps) == 1 for run in runs)


def test_cards_tell_what_can_be_run() -> None:
    """Type, description and tools of each agent."""
    stage = Stage()
    (card,) = stage.runner.cards()
    assert (card.agent_type, card.description, card.tools) == (
        stage.agent.agent_type, "For tests.", ("found", "failing", "hanging", "broken"),
    )  # fmt: skip


def test_a_scripted_agent_is_an_agent() -> None:
    """The tests' double follows the protocol."""
    plan: Plan = Scripted("x").plan("y")
    assert isinstance(plan, AsyncGenerator)
