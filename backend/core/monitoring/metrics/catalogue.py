"""Every metric of the service: the one list that code, rules, dashboards and docs are checked against.

Labels are bounded: each value comes from code or configuration, never from a client; where all values are known here,
`values` lists them, and a rule that asks for another is refused by `artisan lint`. An edge of a histogram that an
alert or objective uses as its threshold carries a comment, since without it the quantile would be interpolated.
"""

from __future__ import annotations

from .instruments import Counter, Gauge, Histogram, Info

_QUICK_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_RUN_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_SIZE_BYTES = tuple(4**power for power in range(3, 14))  # 64 B to 64 MiB
_OUTCOMES = ("success", "error", "cancelled")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "_OTHER")
_STATUSES = tuple(map(str, range(100, 600)))
_CACHES = {"cache_type": ("search", "embedding", "llm")}
_DEPENDENCIES = {"dependency": ("redis", "llm", "database", "vector_store")}

# --- HTTP -----------------------------------------------------------------------------------------------------------

HTTP_REQUESTS = Counter(
    "http_requests_total",
    "HTTP requests by route template; 499 is a client that left before the last byte",
    labels=("method", "endpoint", "status"),
    values={"method": _METHODS, "status": _STATUSES},
)
HTTP_REQUEST_DURATION = Histogram(
    "http_request_duration_seconds",
    "Time from the request to the last byte of its response",
    labels=("method", "endpoint"),
    unit="seconds",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),  # 5: SlowResponseTime
    values={"method": _METHODS},
)
HTTP_REQUEST_SIZE = Histogram(
    "http_request_size_bytes",
    "Body bytes received with a request",
    labels=("method", "endpoint"),
    unit="bytes",
    buckets=_SIZE_BYTES,
    values={"method": _METHODS},
)
HTTP_RESPONSE_SIZE = Histogram(
    "http_response_size_bytes",
    "Body bytes sent with a response",
    labels=("method", "endpoint"),
    unit="bytes",
    buckets=_SIZE_BYTES,
    values={"method": _METHODS},
)
HTTP_RESPONSES_BROKEN = Counter(
    "http_responses_broken_total",
    "Responses that broke off after their status had been sent",
    labels=("method", "endpoint"),
    values={"method": _METHODS},
)
ACTIVE_REQUESTS = Gauge("active_requests", "HTTP requests being served now")

# --- agents ---------------------------------------------------------------------------------------------------------

AGENT_EXECUTIONS = Counter(
    "agent_executions_total",
    "Agent runs by outcome: success, error, cancelled (the client left)",
    labels=("agent_type", "status"),
    values={"status": _OUTCOMES},
)
AGENT_EXECUTION_DURATION = Histogram(
    "agent_execution_duration_seconds",
    "Time of an agent run, whatever its outcome",
    labels=("agent_type",),
    unit="seconds",
    buckets=_RUN_SECONDS,
)
AGENT_ERRORS = Counter("agent_errors_total", "Failed agent runs by class of error", labels=("agent_type", "error_type"))
ACTIVE_AGENTS = Gauge("active_agents", "Agent runs under way now")

# --- LLM ------------------------------------------------------------------------------------------------------------

LLM_REQUESTS = Counter(
    "llm_requests_total",
    "Attempts sent to an LLM provider by outcome: success, error, timeout, cancelled",
    labels=("provider", "model", "status"),
    values={"status": (*_OUTCOMES, "timeout", "refused")},
)
LLM_REQUEST_DURATION = Histogram(
    "llm_request_duration_seconds",
    "Time of one attempt, to the last token",
    labels=("provider", "model"),
    unit="seconds",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 45, 60, 120, 300, 600),  # 30: HighLLMLatency
)
LLM_TOKENS = Counter(
    "llm_tokens_used_total",
    "Tokens by type: prompt, completion; cached and reasoning are parts of these two, never to be added to them",
    labels=("provider", "model", "type"),
    values={"type": ("prompt", "completion", "cached", "reasoning")},
)
LLM_COST = Counter(
    "llm_cost_usd_total", "Cost of priced attempts in US dollars", labels=("provider", "model"), unit="USD"
)
LLM_UNPRICED = Counter(
    "llm_unpriced_requests_total",
    "Attempts whose cost is not known, and so not in llm_cost_usd_total",
    labels=("provider", "model"),
)

# --- database, cache, tools -----------------------------------------------------------------------------------------

DB_QUERIES = Counter("db_queries_total", "Statements sent to the database", labels=("operation", "table"))
DB_QUERY_DURATION = Histogram(
    "db_query_duration_seconds",
    "Time of one statement",
    labels=("operation", "table"),
    unit="seconds",
    buckets=_QUICK_SECONDS,
)
CACHE_HITS = Counter("cache_hits_total", "Look-ups answered by the cache", labels=("cache_type",), values=_CACHES)
CACHE_MISSES = Counter("cache_misses_total", "Look-ups that had to be computed", labels=("cache_type",), values=_CACHES)
TOOL_EXECUTIONS = Counter(
    "tool_executions_total",
    "Tool calls by outcome: success, error, cancelled",
    labels=("tool_name", "status"),
    values={"status": _OUTCOMES},
)
TOOL_EXECUTION_DURATION = Histogram(
    "tool_execution_duration_seconds",
    "Time of one tool call",
    labels=("tool_name",),
    unit="seconds",
    buckets=_QUICK_SECONDS,
)

# --- the process and its dependencies -------------------------------------------------------------------------------

MEMORY_USAGE = Gauge("memory_usage_bytes", "Memory of the service, shared pages counted once", unit="bytes")
APP_INFO = Info("app_info", "What is running", labels=("version", "environment", "commit"))
DEPENDENCY_UP = Gauge(
    "dependency_up",
    "1 when the last health check passed, 0 when it failed",
    labels=("dependency",),
    values=_DEPENDENCIES,
)
DEPENDENCY_CONFIGURED = Gauge(
    "dependency_configured",
    "1 when the settings ask for this dependency, 0 when not",
    labels=("dependency",),
    values=_DEPENDENCIES,
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
