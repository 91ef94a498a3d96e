"""Agents, and the runner that bounds, measures and tells their runs.

To add an agent, add a file like `supply_hunter.py` and a line in `build_agents`.
"""

from backend.catalog import Catalogue
from backend.llm import LLM

from .agent import Agent, AgentCard, Plan
from .events import Event, RunCompleted, RunFailed, RunStarted, StepCompleted, StepStarted
from .run import AgentRun, Answer, Citation, Facet, Step, ToolCall, ToolResult
from .runner import AgentRunner
from .supply_hunter import SupplyHunter

__all__ = [
    "Agent",
    "AgentCard",
    "AgentRun",
    "AgentRunner",
    "Answer",
    "Citation",
    "Event",
    "Facet",
    "Plan",
    "RunCompleted",
    "RunFailed",
    "RunStarted",
    "Step",
    "StepCompleted",
    "StepStarted",
    "SupplyHunter",
    "ToolCall",
    "ToolResult",
    "build_agents",
]


def build_agents(catalogue: Catalogue, llm: LLM | None) -> tuple[Agent, ...]:
    """Every agent of the service, over one catalogue; without an `llm` they work by rules alone."""
    return (SupplyHunter(catalogue, llm),)
