"""Artisan Hub - Overview: the one page that tells whether all is well, and where to look when it is not.

The two lines of lights on top turn colour at the limits of monitoring/alerts/artisan-alerts.yml, red for a critical
alert and orange for a warning, but at once: a light waits for nothing and has no floor. The graphs below tell the same
story over time, in the order in which a request travels: HTTP, agents, LLM, then what they rest on.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard, stat, timeseries
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync

from .panels import IDLE, Limit, Query, graph, light, words
from .queries import (
    JOB,
    agent_error_rate,
    cache_hit_rate,
    error_rate,
    failed_dependencies,
    llm_failures_per_minute,
    quantile,
)

ERROR_RATE = Limit(0.05)
RESPONSE_SECONDS = Limit(5, "orange")
AGENT_ERROR_RATE = Limit(0.1, "orange")
LLM_FAILURES_PER_MINUTE = Limit(10)
LLM_SECONDS = Limit(30, "orange")
MEMORY_BYTES = Limit(4 * 1024**3, "orange")
CACHE_HIT_RATE = Limit(0.7, "orange", bad_above=False)


def overview() -> dashboard.Dashboard:
    """The dashboard `artisan-overview`."""
    board = (
        dashboard.Dashboard("Artisan Hub - Overview")
        .uid("artisan-overview")
        .description("Whether the backend is well, and where to look when it is not")
        .tags(["artisan-hub"])
        .time("now-1h", "now")
        .refresh("10s")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .with_variable(dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
    )
    number = 0
    for title, panels in _rows():
        number += 1
        board.with_row(dashboard.Row(title).id(number))
        for panel in panels:
            number += 1
            board.with_panel(panel.id(number))
    return board


def _rows() -> list[tuple[str, list[stat.Panel | timeseries.Panel]]]:
    return [
        ("Is all well?", [*_lights(), *_work_lights()]),
        ("HTTP", [*_http()]),
        ("Agents", [*_agents()]),
        ("LLM", [*_llm()]),
        ("Cache and resources", [*_resources()]),
    ]


def _lights() -> list[stat.Panel]:
    """The service as a whole."""
    return [
        light(
            "Backend",
            "Whether every backend answers Prometheus. Alert: ServiceUnavailable.",
            Query(f"min(up{{{JOB}}}) or vector(0)"),
            limit=Limit(1, bad_above=False),
            mappings=[words({"0": ("DOWN", "red"), "1": ("UP", "green")})],
        ),
        light(
            "Alerts firing",
            "How many alerts ring now; docs/alerts.md tells what to do about each.",
            Query('count(ALERTS{alertstate="firing"}) or vector(0)'),
            limit=Limit(1),
        ),
        light(
            "Dependencies down",
            "How many of database, Redis, LLM and vector store are configured and failing. Alert: RedisUnavailable.",
            Query(failed_dependencies()),
            limit=Limit(1),
        ),
        light(
            "Error rate",
            "Share of the requests of the last 5 minutes that were answered with 5xx. Alert: HighErrorRate.",
            Query(error_rate("5m")),
            unit="percentunit",
            limit=ERROR_RATE,
        ),
        light(
            "Slowest endpoint, p95",
            "The highest 95th percentile of any endpoint over the last 5 minutes. Alert: SlowResponseTime.",
            Query(f"max({quantile(0.95, 'http_request_duration_seconds', '5m', 'endpoint')})"),
            unit="s",
            limit=RESPONSE_SECONDS,
        ),
        light(
            "Memory",
            "Memory of the largest backend. Alert: HighMemoryUsage.",
            Query(f"max(memory_usage_bytes{{{JOB}}})"),
            unit="bytes",
            limit=MEMORY_BYTES,
        ),
    ]


def _work_lights() -> list[stat.Panel]:
    """The work it does."""
    return [
        light(
            "Agent error rate",
            "The highest share of failed runs of any agent over the last 15 minutes. Alert: HighAgentErrorRate.",
            Query(f"max({agent_error_rate('15m')})"),
            unit="percentunit",
            limit=AGENT_ERROR_RATE,
        ),
        light(
            "LLM failures per minute",
            "Errors, timeouts and refusals of the worst provider over the last 5 minutes. Alert: LLMProviderErrors.",
            Query(f"max({llm_failures_per_minute('5m')})"),
            limit=LLM_FAILURES_PER_MINUTE,
            decimals=1,
        ),
        light(
            "Slowest LLM, p95",
            "The highest 95th percentile of any provider over the last 5 minutes. Alert: HighLLMLatency.",
            Query(f"max({quantile(0.95, 'llm_request_duration_seconds', '5m', 'provider')})"),
            unit="s",
            limit=LLM_SECONDS,
        ),
        light(
            "Lowest cache hit rate",
            "The cache that misses most, over the last 10 minutes. Alert: LowCacheHitRate.",
            Query(f"min({cache_hit_rate('10m')})"),
            unit="percentunit",
            limit=CACHE_HIT_RATE,
        ),
        light(
            "LLM cost per hour",
            "What the last hour cost. Requests of unknown price are not in it; the graph of the cost counts them.",
            Query(f"sum(rate(llm_cost_usd_total{{{JOB}}}[1h])) * 3600"),
            unit="currencyUSD",
        ),
        light(
            "Version",
            "What is running, and where.",
            Query(f"app_info{{{JOB}}}", "{{version}} {{environment}}"),
            mappings=[IDLE],
            show_legend=True,
        ),
    ]


def _http() -> list[timeseries.Panel]:
    duration = "http_request_duration_seconds"
    return [
        graph(
            "Request rate",
            "Requests per second by endpoint; probes and scrapes are not counted.",
            Query(f"sum by (endpoint) (rate(http_requests_total{{{JOB}}}[$__rate_interval]))", "{{endpoint}}"),
            unit="reqps",
        ),
        graph(
            "Error rate",
            "Share of requests answered with 5xx. The line is the limit of HighErrorRate.",
            Query(error_rate("$__rate_interval"), "5xx"),
            unit="percentunit",
            limit=ERROR_RATE,
        ),
        graph(
            "Response time",
            "Time to the last byte, over all endpoints. The line is the limit of SlowResponseTime.",
            *(Query(quantile(q, duration, "$__rate_interval"), f"p{q * 100:g}") for q in (0.5, 0.95, 0.99)),
            unit="s",
            limit=RESPONSE_SECONDS,
        ),
    ]


def _agents() -> list[timeseries.Panel]:
    return [
        graph(
            "Active requests and agents",
            "What is under way at this moment. A line that only rises is work that never ends.",
            Query(f"sum(active_requests{{{JOB}}})", "requests"),
            Query(f"sum(active_agents{{{JOB}}})", "agents"),
            unit="short",
        ),
        graph(
            "Agent executions",
            "Runs per second by agent and outcome; cancelled means that the client left.",
            Query(
                f"sum by (agent_type, status) (rate(agent_executions_total{{{JOB}}}[$__rate_interval]))",
                "{{agent_type}} {{status}}",
            ),
            unit="ops",
        ),
        graph(
            "Agent errors",
            "Failed runs per second by agent and class of error.",
            Query(
                f"sum by (agent_type, error_type) (rate(agent_errors_total{{{JOB}}}[$__rate_interval]))",
                "{{agent_type}} {{error_type}}",
            ),
            unit="ops",
        ),
    ]


def _llm() -> list[timeseries.Panel]:
    return [
        graph(
            "LLM requests",
            "Attempts per second by provider and outcome.",
            Query(
                f"sum by (provider, status) (rate(llm_requests_total{{{JOB}}}[$__rate_interval]))",
                "{{provider}} {{status}}",
            ),
            unit="reqps",
            width=6,
        ),
        graph(
            "LLM latency, p95",
            "Time of one attempt to its last token, by provider. The line is the limit of HighLLMLatency.",
            Query(
                quantile(0.95, "llm_request_duration_seconds", "$__rate_interval", "provider"),
                "{{provider}}",
            ),
            unit="s",
            width=6,
            limit=LLM_SECONDS,
        ),
        graph(
            "LLM tokens",
            "Tokens per second by model and type. Cached tokens are part of the prompt, reasoning of the completion.",
            Query(
                f"sum by (model, type) (rate(llm_tokens_used_total{{{JOB}}}[$__rate_interval]))",
                "{{model}} {{type}}",
            ),
            unit="short",
            width=6,
        ),
        graph(
            "LLM cost per hour",
            "US dollars an hour by model, and beside them the requests an hour whose price is unknown.",
            Query(f"sum by (model) (rate(llm_cost_usd_total{{{JOB}}}[$__rate_interval])) * 3600", "{{model}} USD"),
            Query(
                f"sum(rate(llm_unpriced_requests_total{{{JOB}}}[$__rate_interval])) * 3600",
                "unpriced requests",
            ),
            unit="short",
            width=6,
        ),
    ]


def _resources() -> list[timeseries.Panel]:
    return [
        graph(
            "Cache hit rate",
            "Share of look-ups that each cache answered. The line is the limit of LowCacheHitRate.",
            Query(cache_hit_rate("$__rate_interval"), "{{cache_type}}"),
            unit="percentunit",
            limit=CACHE_HIT_RATE,
        ),
        graph(
            "Memory usage",
            "Memory of each backend. The line is the limit of HighMemoryUsage.",
            Query(f"memory_usage_bytes{{{JOB}}}", "{{instance}}"),
            unit="bytes",
            limit=MEMORY_BYTES,
        ),
        graph(
            "Event loop lag, p99",
            "How late timers run: time in which the backend could serve nobody.",
            Query(quantile(0.99, "event_loop_lag_seconds", "$__rate_interval"), "p99"),
            unit="s",
        ),
    ]
