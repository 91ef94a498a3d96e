"""How an execution becomes metrics: one recorder for each kind, its children bound once and existing at 0.

A recorder is told of a begin and an end. `decorators` use them around any callable; code that knows more than a return
value (an agent runner, a model wrapper, an engine's events) uses them directly.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, get_args

from opentelemetry.trace import SpanKind

from .cost import cost_usd
from .current_span import current_span
from .exemplar_trace import exemplar_trace
from .logs import get_logger
from .metrics import Recording, catalogue
from .status import Status, status_of
from .tracing import Work, note
from .usage import Usage, read_usage

_TOKEN_TYPES: tuple[catalogue.TokenType, ...] = get_args(catalogue.TokenType)

# Cached and reasoning tokens are parts of the other two.
_USAGE_ATTRIBUTES = {
    "prompt": "gen_ai.usage.input_tokens",
    "completion": "gen_ai.usage.output_tokens",
    "cached": "gen_ai.usage.cache_read.input_tokens",
    "reasoning": "gen_ai.usage.reasoning.output_tokens",
}
# In US dollars. OpenTelemetry's conventions have no name for it; this is the one that OpenLIT and others use.
_COST_ATTRIBUTE = "gen_ai.usage.cost"

_log = get_logger("monitoring")


class Recorder(Protocol):
    """What `decorators` need: `result` is the returned value, or the last one yielded that says something."""

    work: Work
    """What it is called in a trace."""

    def begin(self) -> None:
        """An execution starts."""

    def end(self, seconds: float, error: BaseException | None, result: object) -> Status:
        """It has ended, well or not; gives the word that it was counted under, which its span has, too."""


class AgentRecorder:
    """Runs of one agent; `error_types` are the class names of errors that are foreseen."""

    def __init__(self, agent_type: str, error_types: Iterable[str] = ()) -> None:
        self.agent_type = agent_type
        self.work = Work(
            f"invoke_agent {agent_type}",
            SpanKind.INTERNAL,
            {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent_type},
        )
        duration = catalogue.AGENT_EXECUTION_DURATION.labels(agent_type=agent_type)
        self._ends = {
            status: Recording(
                catalogue.AGENT_EXECUTIONS.labels(agent_type=agent_type, status=status),
                [duration],
                active=catalogue.ACTIVE_AGENTS,
            )
            for status in ("success", "error", "cancelled")
        }
        for error_type in error_types:
            catalogue.AGENT_ERRORS.labels(agent_type=agent_type, error_type=error_type)

    def begin(self) -> None:
        """A run starts."""
        catalogue.ACTIVE_AGENTS.inc()

    def end(self, seconds: float, error: BaseException | None, result: object = None) -> Status:
        """A run has ended; writes its log line."""
        status = status_of(error)
        status = "error" if status == "timeout" else status
        self._ends[status].record(seconds, trace=exemplar_trace(current_span()))
        fields = {"agent_type": self.agent_type, "status": status, "duration_seconds": round(seconds, 6)}
        if status == "error":
            catalogue.AGENT_ERRORS.labels(agent_type=self.agent_type, error_type=type(error).__name__).inc()
            _log.error("agent_execution_failed", **fields, exc_info=error)
        elif status == "cancelled":
            _log.info("agent_execution_cancelled", **fields)
        else:
            _log.info("agent_execution_completed", **fields)
        return status


class LLMRecorder:
    """Attempts sent to one model of one provider; `free` declares that it costs nothing, e.g. because it runs here."""

    def __init__(self, provider: str, model: str, *, free: bool = False) -> None:
        self._provider, self._model, self._free = provider, model, free
        self.work = Work(
            f"chat {model}",
            SpanKind.CLIENT,
            {"gen_ai.operation.name": "chat", "gen_ai.provider.name": provider, "gen_ai.request.model": model},
            first_item="gen_ai.response.time_to_first_chunk",
        )
        labels = {"provider": provider, "model": model}
        duration = catalogue.LLM_REQUEST_DURATION.labels(**labels)
        self._ends = {
            status: Recording(catalogue.LLM_REQUESTS.labels(**labels, status=status), [duration])
            for status in ("success", "error", "timeout", "cancelled")
        }
        self._tokens = {type_: catalogue.LLM_TOKENS.labels(**labels, type=type_) for type_ in _TOKEN_TYPES}
        self._cost = catalogue.LLM_COST.labels(**labels)
        self._unpriced = catalogue.LLM_UNPRICED.labels(**labels)

    def begin(self) -> None:
        """An attempt is sent."""

    def end(self, seconds: float, error: BaseException | None, result: object) -> Status:
        """An attempt has ended; `result` may carry its usage."""
        status = status_of(error)
        self.record(status, seconds, read_usage(result))
        return status

    def record(self, status: Status, seconds: float, usage: Usage | None) -> None:
        """Count one attempt; tokens are counted whatever its outcome, since they are paid for all the same."""
        self._ends[status].record(seconds, trace=exemplar_trace(current_span()))
        if usage is not None:
            for type_, tokens in self._tokens.items():
                tokens.inc(max(getattr(usage, type_), 0))
            note({name: getattr(usage, type_) for type_, name in _USAGE_ATTRIBUTES.items()})
        if status == "success" or usage is not None:
            self._charge(usage)

    def _charge(self, usage: Usage | None) -> None:
        if self._free:
            return
        cost = cost_usd(self._provider, self._model, usage) if usage is not None else None
        if cost is None:
            self._unpriced.inc()
        else:
            self._cost.inc(cost)
            note({_COST_ATTRIBUTE: cost})


class ToolRecorder:
    """Calls of one tool."""

    def __init__(self, tool_name: str) -> None:
        self.work = Work(
            f"execute_tool {tool_name}",
            SpanKind.INTERNAL,
            {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool_name, "gen_ai.tool.type": "function"},
        )
        duration = catalogue.TOOL_EXECUTION_DURATION.labels(tool_name=tool_name)
        self._ends = {
            status: Recording(catalogue.TOOL_EXECUTIONS.labels(tool_name=tool_name, status=status), [duration])
            for status in ("success", "error", "cancelled")
        }

    def begin(self) -> None:
        """A call starts."""

    def end(self, seconds: float, error: BaseException | None, result: object) -> Status:
        """A call has ended."""
        status = status_of(error)
        status = "error" if status == "timeout" else status
        self._ends[status].record(seconds, trace=exemplar_trace(current_span()))
        return status


class QueryRecorder:
    """Statements of one operation on one table; a failed one counts too."""

    def __init__(self, operation: str, table: str, *, system: str = "other_sql") -> None:
        self.work = Work(
            f"{operation.upper()} {table}",
            SpanKind.CLIENT,
            {"db.system.name": system, "db.operation.name": operation.upper(), "db.collection.name": table},
            alone=False,
        )
        duration = catalogue.DB_QUERY_DURATION.labels(operation=operation, table=table)
        self._end = Recording(catalogue.DB_QUERIES.labels(operation=operation, table=table), [duration])

    def begin(self) -> None:
        """A statement is sent."""

    def end(self, seconds: float, error: BaseException | None = None, result: object = None) -> Status:
        """It has been answered or refused."""
        self._end.record(seconds, trace=exemplar_trace(current_span()))
        return status_of(error)


class CacheRecorder:
    """Look-ups in one cache: a result of None, or none at all, is a miss."""

    def __init__(self, cache_type: str) -> None:
        self.work = Work(f"cache {cache_type}", SpanKind.INTERNAL, {"cache.type": cache_type}, alone=False)
        self.hits = catalogue.CACHE_HITS.labels(cache_type=cache_type)
        self.misses = catalogue.CACHE_MISSES.labels(cache_type=cache_type)

    def begin(self) -> None:
        """A look-up starts."""

    def end(self, seconds: float, error: BaseException | None, result: object) -> Status:
        """It has ended; one that was cancelled found out nothing."""
        status = status_of(error)
        if status == "cancelled":
            return status
        hit = error is None and result is not None
        (self.hits if hit else self.misses).inc()
        note({"cache.hit": hit})
        return status
