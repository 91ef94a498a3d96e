"""The events of a run, as a caller sees them happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import orjson

from .run import AgentRun, Step


class _Event:
    """`name` tells the events apart; `json()` is an object of the other fields."""

    __slots__ = ()
    name: ClassVar[str]

    def json(self) -> str:
        """The event's fields as JSON."""
        return orjson.dumps(self).decode()


@dataclass(frozen=True, slots=True)
class RunStarted(_Event):
    """The first event of every run."""

    name: ClassVar[str] = "run_started"
    run_id: str
    agent_type: str
    query: str


@dataclass(frozen=True, slots=True)
class StepStarted(_Event):
    """A tool is being called; steps are numbered from 1."""

    name: ClassVar[str] = "step_started"
    number: int
    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepCompleted(_Event):
    """The tool has answered or failed."""

    name: ClassVar[str] = "step_completed"
    number: int
    step: Step


@dataclass(frozen=True, slots=True)
class RunCompleted(_Event):
    """The last event of a run with an answer."""

    name: ClassVar[str] = "run_completed"
    run: AgentRun


@dataclass(frozen=True, slots=True)
class RunFailed(_Event):
    """The last event of a run without one; `status` is the HTTP status that the error stands for."""

    name: ClassVar[str] = "run_failed"
    run_id: str
    status: int
    title: str
    detail: str


Event: TypeAlias = RunStarted | StepStarted | StepCompleted | RunCompleted | RunFailed
