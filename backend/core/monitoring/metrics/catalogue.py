"""Every metric of the service: the one list that code, rules, dashboards and docs are checked against.

Labels are bounded: each value comes from code or configuration, never from a client; where all values are known, a
`Literal` or `values` lists them, and a rule that asks for another is refused by `artisan lint`. An edge of a
histogram that an alert or objective uses as its threshold carries a comment, since without it the quantile would be
interpolated.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from .instruments import Counter, Gauge, Histogram, Info
from .registry import REGISTRY

_QUICK_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_RUN_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_SIZE_BYTES = tuple(4**power for power in range(3, 14))  # 64 B to 64 MiB
_STATUSES = tuple(map(str, range(100, 600)))
_CACHES = {"cache_type": ("search", "embedding", "llm")}
_DEPENDENCIES = {"dependency": ("redis", "llm", "database", "vector_store")}

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "_OTHER"]
Outcome = Literal["success", "error", "cancelled"]
AttemptOutcome = Literal["success", "error", "cancelled", "timeout", "refused"]
TokenType = Literal["prompt", "completion", "cached", "reasoning"]


class Endpoint(NamedTuple):
    """A route and how it is asked."""

    method: Method
    endpoint: str


class Answered(NamedTuple):
    """A route, how it is asked, and what it answers."""

    method: Method
    endpoint: str
    status: str


class AgentType(NamedTuple):
    """One agent."""

    agent_type: str


class AgentRun(NamedTuple):
    """One agent, and how its run ended."""

    agent_type: str
    status: Outcome


class AgentError(NamedTuple):
    """One agent, and the class of error that ended its run."""

    agent_type: str
    error_type: str


class Model(NamedTuple):
    """A model where it is served."""

    provider: str
    model: str


class Attempt(NamedTuple):
    """A model, and how an attempt with it ended."""

    provider: str
    model: str
    status: AttemptOutcome


class Tokens(NamedTuple):
    """A model, and what its tokens were used for."""

    provider: str
    model: str
    type: TokenType


class Query(NamedTuple):
    """What a statement does to which table."""

    operation: str
    table: str


class PoolConnection(NamedTuple):
    """A connection to the database, by what it does."""

    state: Literal["used", "idle"]


class CacheType(NamedTuple):
    """One cache."""

    cache_type: str


class ToolName(NamedTuple):
    """One tool."""

    tool_name: str


class ToolCall(NamedTuple):
    """One tool, and how its call ended."""

    tool_name: str
    status: Outcome


class Dependency(NamedTuple):
    """Something that the service depends on."""

    dependency: str


class Program(NamedTuple):
    """What is running."""

    version: str
    environment: str
    commit: str


# --- HTTP -----------------------------------------------------------------------------------------------------------

HTTP_REQUESTS = Counter(
    "http_requests_total",
    "HTTP requests by route template; 499 is a client that left before the last byte",
    labels=Answered,
    values={"status": _STATUSES},
)
HTTP_REQUEST_DURATION = Histogram(
    "http_request_duration_seconds",
    "Time from the request to the last byte of its response",
    labels=Endpoint,
    unit="seconds",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),  # 5: SlowResponseTime
)
HTTP_REQUEST_SIZE = Histogram(
    "http_request_size_bytes",
    "Body bytes received with a request",
    labels=Endpoint,
    unit="bytes",
    buckets=_SIZE_BYTES,
)
HTTP_RESPONSE_SIZE = Histogram(
    "http_response_size_bytes",
    "Body bytes sent with a response",
    labels=Endpoint,
    unit="bytes",
    buckets=_SIZE_BYTES,
)
HTTP_RESPONSES_BROKEN = Counter(
    "http_responses_broken_total",
    "Responses that broke off after their status had been sent",
    labels=Endpoint,
)
ACTIVE_REQUESTS = Gauge("active_requests", "HTTP requests being served now")

# --- agents ---------------------------------------------------------------------------------------------------------

AGENT_EXECUTIONS = Counter(
    "agent_executions_total",
    "Agent runs by outcome: success, error, cancelled (the client left)",
    labels=AgentRun,
)
AGENT_EXECUTION_DURATION = Histogram(
    "agent_execution_duration_seconds",
    "Time of an agent run, whatever its outcome",
    labels=AgentType,
    unit="seconds",
    buckets=_RUN_SECONDS,
)
AGENT_ERRORS = Counter("agent_errors_total", "Failed agent runs by class of error", labels=AgentError)
ACTIVE_AGENTS = Gauge("active_agents", "Agent runs under way now")

# --- LLM ------------------------------------------------------------------------------------------------------------

LLM_REQUESTS = Counter(
    "llm_requests_total",
    "Attempts sent to an LLM provider by outcome: success, error, timeout, cancelled",
    labels=Attempt,
)
LLM_REQUEST_DURATION = Histogram(
    "llm_request_duration_seconds",
    "Time of one attempt, to the last token",
    labels=Model,
    unit="seconds",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 120, 300, 600),  # 30: HighLLMLatency
)
LLM_TOKENS = Counter(
    "llm_tokens_used_total",
    "Tokens by type: prompt, completion; cached and reasoning are parts of these two, never to be added to them",
    labels=Tokens,
)
LLM_COST = Counter("llm_cost_usd_total", "Cost of priced attempts in US dollars", labels=Model, unit="USD")
LLM_UNPRICED = Counter(
    "llm_unpriced_requests_total",
    "Attempts whose cost is not known, and so not in llm_cost_usd_total",
    labels=Model,
)

# --- database, cache, tools -----------------------------------------------------------------------------------------

DB_QUERIES = Counter("db_queries_total", "Statements sent to the database", labels=Query)
DB_QUERY_DURATION = Histogram(
    "db_query_duration_seconds",
    "Time of one statement",
    labels=Query,
    unit="seconds",
    buckets=_QUICK_SECONDS,
)
DB_POOL_CONNECTIONS = Gauge(
    "db_pool_connections", "Open connections to the database, used or idle", labels=PoolConnection, across="sum"
)
DB_POOL_CONNECTIONS_MAX = Gauge(
    "db_pool_connections_max", "Connections to the database that may be open at once", across="sum"
)
DB_POOL_WAIT = Histogram(
    "db_pool_wait_seconds",
    "Time until a reader had its connection, a new one or one of the pool",
    unit="seconds",
    buckets=_QUICK_SECONDS,
)
DB_POOL_TIMEOUTS = Counter("db_pool_timeouts_total", "Readers that got no connection in time, all being used")
CACHE_HITS = Counter("cache_hits_total", "Look-ups answered by the cache", labels=CacheType, values=_CACHES)
CACHE_MISSES = Counter("cache_misses_total", "Look-ups that had to be computed", labels=CacheType, values=_CACHES)
TOOL_EXECUTIONS = Counter(
    "tool_executions_total",
    "Tool calls by outcome: success, error, cancelled",
    labels=ToolCall,
)
TOOL_EXECUTION_DURATION = Histogram(
    "tool_execution_duration_seconds",
    "Time of one tool call",
    labels=ToolName,
    unit="seconds",
    buckets=_QUICK_SECONDS,
)

# --- the process and its dependencies -------------------------------------------------------------------------------

MEMORY_USAGE = Gauge("memory_usage_bytes", "Memory of the service, shared pages counted once", unit="bytes")
APP_INFO = Info("app_info", "What is running", labels=Program)
DEPENDENCY_UP = Gauge(
    "dependency_up",
    "1 when the last health check passed, 0 when it failed",
    labels=Dependency,
    values=_DEPENDENCIES,
    across="min",  # one worker that cannot reach it is a fault
)
DEPENDENCY_CONFIGURED = Gauge(
    "dependency_configured",
    "1 when the settings ask for this dependency, 0 when not",
    labels=Dependency,
    values=_DEPENDENCIES,
    across="max",
)
EVENT_LOOP_LAG = Histogram(
    "event_loop_lag_seconds",
    "How late the event loop ran a timer: time in which it could serve nobody",
    unit="seconds",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
METRICS_SCRAPE_DURATION = Histogram(
    "metrics_scrape_duration_seconds",
    "Time to render the metrics page",
    unit="seconds",
    buckets=_QUICK_SECONDS,
)

# --- spans and log lines on their way to a collector ---------------------------------------------------------------


Signal = Literal["span", "log"]
Reason = Literal["queue_full", "export_failed", "shutdown"]


class Sent(NamedTuple):
    """What is sent."""

    signal: Signal


class Loss(NamedTuple):
    """What was not sent, and why."""

    signal: Signal
    reason: Reason


TELEMETRY_EXPORTED = Counter(
    "telemetry_exported_total", "Spans and log records that a collector has taken", labels=Sent
)
TELEMETRY_DROPPED = Counter(
    "telemetry_dropped_total",
    "Spans and log records that no collector has got: no room to wait, refused after all retries, or late at the end",
    labels=Loss,
)

# --- the metrics themselves -----------------------------------------------------------------------------------------


class Overflowing(NamedTuple):
    """A metric without room, and that of its labels which has most values."""

    metric: str
    label: str


class Skipped(NamedTuple):
    """Why a file could not be read."""

    reason: Literal["foreign", "torn", "unreadable", "declared otherwise"]


LABEL_OVERFLOW = Counter(
    "metrics_label_overflow_total",
    "Label sets that a metric had no room for, counted under _overflow, each time they were asked for",
    labels=Overflowing,
)
FILES_SKIPPED = Counter(
    "metrics_files_skipped_total", "Files of workers whose metrics could not be read", labels=Skipped
)
UNSHARED_SERIES = Gauge(
    "metrics_unshared_series", "Label sets that only one worker can show, because the disk was full"
)
REGISTRY.troubles.count_with(LABEL_OVERFLOW, FILES_SKIPPED, UNSHARED_SERIES)
