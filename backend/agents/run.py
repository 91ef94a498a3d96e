"""What an agent says while it runs, and what becomes of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from backend.catalog import Hit

Source: TypeAlias = Literal["rules", "llm"]
Outcome: TypeAlias = Literal["success", "error"]

# --- between an agent and its runner ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToolCall:
    """An agent asks its runner to call a tool."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What the runner hands back: hits, or nothing and the reason why the call failed."""

    hits: tuple[Hit, ...] = ()
    relaxed: tuple[str, ...] = ()
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Facet:
    """Something the agent understood of the query, and who told it."""

    name: str
    value: str
    source: Source


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a run: a text and the hits that it rests on."""

    text: str
    cited: tuple[Hit, ...] = ()
    understanding: tuple[Facet, ...] = ()


# --- between a runner and its caller ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One tool call of a run; `found` counts its hits, `error` says why it failed."""

    tool: str
    arguments: Mapping[str, Any]
    outcome: Outcome
    seconds: float
    found: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """A record that the answer rests on, and where its facts come from."""

    key: str
    name: str
    sources: tuple[str, ...]
    website: str | None


@dataclass(frozen=True, slots=True)
class AgentRun:
    """A run that ended with an answer."""

    run_id: str
    agent_type: str
    query: str
    answer: str
    citations: tuple[Citation, ...]
    steps: tuple[Step, ...]
    understanding: tuple[Facet, ...]
    duration_seconds: float
