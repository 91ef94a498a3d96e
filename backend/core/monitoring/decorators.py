"""`@track_…`: measure an execution by naming it. Each takes functions, coroutines and both kinds of generators."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from .observing import observed
from .recorders import AgentRecorder, CacheRecorder, LLMRecorder, QueryRecorder, Recorder, ToolRecorder

P = ParamSpec("P")
R = TypeVar("R")


def track_agent_execution(agent_type: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Count runs of an agent, their duration and errors; each ends with one `agent_execution_…` log line."""
    return _tracking(AgentRecorder(agent_type))


def track_llm_request(provider: str, model: str, *, free: bool = False) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Count attempts, their duration, tokens and cost; reads `usage` from what is returned or yielded last.

    `free` declares that the model costs nothing; otherwise an attempt whose price is not known counts as unpriced.
    """
    return _tracking(LLMRecorder(provider, model, free=free))


def track_tool_execution(name: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Count calls of a tool and their duration."""
    return _tracking(ToolRecorder(name))


def track_db_query(operation: str, table: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Count queries that do not pass through the instrumented engine, and their duration."""
    return _tracking(QueryRecorder(operation, table))


def track_cache(cache_type: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Count look-ups: a result other than None is a hit."""
    return _tracking(CacheRecorder(cache_type))


def _tracking(recorder: Recorder) -> Callable[[Callable[P, R]], Callable[P, R]]:
    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        return observed(function, recorder)

    return decorate
