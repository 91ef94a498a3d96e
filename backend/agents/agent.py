"""What an agent is: a plan that yields tool calls, is handed their results, and ends with an answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from .run import Answer, ToolCall, ToolResult

# A plan yields tool calls, each `yield` gives the call's result, and yields one answer at the end.
Plan: TypeAlias = AsyncGenerator[ToolCall | Answer, ToolResult]


@dataclass(frozen=True, slots=True)
class AgentCard:
    """What a caller may know of an agent."""

    agent_type: str
    description: str
    tools: tuple[str, ...]


class Agent(Protocol):
    """An agent knows what to do next; its runner does it, measures it and keeps it within bounds.

    So an agent has no timeouts, metrics or error handling of its own: a failed call is a result with an `error`.
    """

    @property
    def agent_type(self) -> str:
        """Its name in the API and in the metrics."""

    @property
    def description(self) -> str:
        """One sentence: what to ask it."""

    @property
    def tools(self) -> tuple[str, ...]:
        """The tools that it may call."""

    def plan(self, query: str) -> Plan:
        """How to answer `query`."""
