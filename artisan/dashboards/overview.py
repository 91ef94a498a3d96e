"""Artisan Hub - Overview: the one page that tells whether all is well, and where to look when it is not.

On top one word, and beside it what rings. The two lines of lights below turn colour at the limits of the alerts, red
for a critical one and orange for a warning, but at once: a light waits for nothing and has no floor. The graphs tell
the same story over time, in the order in which a request travels: HTTP, agents, LLM, then what they rest on.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.builders.common import TableSortByFieldState
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from . import lights, limits
from .board import board, instance
from .panels import IDLE, Panel, Query, graph, light, listing, words
from .queries import HERE, JOB, cache_hit_rate, error_rate, failed_dependencies, llm_cost_per_hour, quantile, rate

# Any alert whose severity asks for somebody; Watchdog has the severity `none`.
_RINGING = 'ALERTS{alertstate="firing", severity=~"critical|warning"}'
_VERDICT = (
    '(ALERTS{alertstate="firing", severity="critical"} * 2)'
    ' or ALERTS{alertstate="firing", severity="warning"}'
    ' or (absent(ALERTS{alertname="Watchdog", alertstate="firing"}) * 3)'
    " or vector(0)"
)


def overview() -> dashboard.Dashboard:
    """The dashboard `artisan-overview`."""
    return board(
        "artisan-overview",
        "Artisan Hub - Overview",
        "Whether all is well, and where to look when it is not",
        variables=[instance()],
        rows=[
            ("Is all well?", [*_verdict(), *_service_lights(), *_work_lights()]),
            ("HTTP", _http()),
            ("Agents", _agents()),
            ("LLM", _llm()),
            ("Cache and resources", _resources()),
        ],
    )


def _verdict() -> list[Panel]:
    return [
        light(
            "All in all",
            "The worst that rings now. BLIND means that Watchdog, which always rings, does not: Prometheus evaluates no"
            " rules, and silence says nothing. Alert: Watchdog.",
            Query(f"max({_VERDICT})"),
            limits=[limits.ONE_WARNING, limits.Limit(2), limits.Limit(3, "purple")],
            mappings=[
                words(
                    {
                        "0": ("ALL WELL", "green"),
                        "1": ("WARNING", "orange"),
                        "2": ("CRITICAL", "red"),
                        "3": ("BLIND", "purple"),
                    }
                )
            ],
            width=8,
            height=6,
        ),
        listing(
            "What rings",
            "Every alert that fires now, critical ones first; docs/alerts.md has a runbook for each.",
            Query(
                "min by (alertname, severity, slo, endpoint, agent_type, provider, model, cache_type, instance)"
                f" (ALERTS_FOR_STATE * 1000 and ignoring (alertstate) {_RINGING})"
            ),
            columns={
                "alertname": [DynamicConfigValue("displayName", "alert")],
                "Value": [DynamicConfigValue("displayName", "since"), DynamicConfigValue("unit", "dateTimeFromNow")],
            },
            width=16,
            height=6,
            empty="Nothing rings.",
            order=TableSortByFieldState().display_name("severity").desc(False),
        ),
    ]


def _service_lights() -> list[Panel]:
    """The service as a whole."""
    return [
        light(
            "Backend",
            "Whether every backend answers Prometheus. Alert: ServiceUnavailable.",
            Query(f"min(up{{{JOB}}}) or vector(0)"),
            limits=[limits.UP],
            mappings=[words({"0": ("DOWN", "red"), "1": ("UP", "green")})],
            leads_to="artisan-inside",
        ),
        light(
            "Dependencies down",
            "How many of database, Redis, LLM and vector store are configured and failing.",
            Query(failed_dependencies()),
            limits=[limits.ONE],
            leads_to="artisan-inside",
        ),
        light(
            "Error rate",
            "Share of the requests of the last 5 minutes that were answered with 5xx. Alert: HighErrorRate.",
            Query(error_rate("5m")),
            unit="percentunit",
            limits=[limits.ERROR_RATE],
        ),
        light(
            "Slowest endpoint, p95",
            "The highest 95th percentile of any endpoint over the last 5 minutes. Alert: SlowResponseTime.",
            Query(f"max({quantile(0.95, 'http_request_duration_seconds', '5m', 'endpoint')})"),
            unit="s",
            limits=[limits.RESPONSE_SECONDS],
        ),
        light(
            "Least error budget",
            "What is left of the error budget of the objective that has least. Below 0 the objective is missed.",
            Query("min(slo:period_error_budget_remaining:ratio)"),
            unit="percentunit",
            limits=[limits.BUDGET_SPENT],
            decimals=1,
            leads_to="artisan-slo",
        ),
        lights.memory(),
    ]


def _work_lights() -> list[Panel]:
    """The work it does."""
    return [
        lights.agent_error_rate(),
        lights.llm_failures_per_minute(),
        lights.slowest_llm(),
        lights.llm_cost_per_hour(),
        lights.lowest_cache_hit_rate(),
        light(
            "Version",
            "What is running, and where.",
            Query(f"app_info{{{JOB}}}", "{{version}} {{environment}}"),
            mappings=[IDLE],
            show_legend=True,
        ),
    ]


def _http() -> list[Panel]:
    duration = "http_request_duration_seconds"
    return [
        graph(
            "Request rate",
            "Requests per second by endpoint; probes and scrapes are not counted.",
            Query(rate("http_requests_total", "endpoint"), "{{endpoint}}"),
            unit="reqps",
            leads_to="endpoint",
        ),
        graph(
            "Error rate",
            "Share of requests answered with 5xx. The line is the limit of HighErrorRate.",
            Query(error_rate("$__rate_interval", HERE), "5xx"),
            unit="percentunit",
            limits=[limits.ERROR_RATE],
        ),
        graph(
            "Response time",
            "Time to the last byte, over all endpoints. The line is the limit of SlowResponseTime.",
            *(Query(quantile(q, duration, "$__rate_interval", where=HERE), f"p{q * 100:g}") for q in (0.5, 0.95, 0.99)),
            unit="s",
            limits=[limits.RESPONSE_SECONDS],
        ),
    ]


def _agents() -> list[Panel]:
    return [
        graph(
            "Active requests and agents",
            "What is under way at this moment. A line that only rises is work that never ends.",
            Query(f"sum(active_requests{{{HERE}}})", "requests"),
            Query(f"sum(active_agents{{{HERE}}})", "agents"),
            unit="short",
        ),
        graph(
            "Agent executions",
            "Runs per second by agent and outcome; cancelled means that the client left.",
            Query(rate("agent_executions_total", "agent_type, status"), "{{agent_type}} {{status}}"),
            unit="ops",
            leads_to="agent_type",
        ),
        graph(
            "Agent errors",
            "Failed runs per second by agent and class of error.",
            Query(rate("agent_errors_total", "agent_type, error_type"), "{{agent_type}} {{error_type}}"),
            unit="ops",
            leads_to="agent_type",
        ),
    ]


def _llm() -> list[Panel]:
    return [
        graph(
            "LLM requests",
            "Attempts per second by provider and outcome.",
            Query(rate("llm_requests_total", "provider, status"), "{{provider}} {{status}}"),
            unit="reqps",
            width=6,
            leads_to="provider",
        ),
        graph(
            "LLM latency, p95",
            "Time of one attempt to its last token, by provider. The line is the limit of HighLLMLatency.",
            Query(quantile(0.95, "llm_request_duration_seconds", "$__rate_interval", "provider", HERE), "{{provider}}"),
            unit="s",
            width=6,
            limits=[limits.LLM_SECONDS],
            leads_to="provider",
        ),
        graph(
            "LLM tokens",
            "Tokens per second by model and type. Cached tokens are part of the prompt, reasoning of the completion.",
            Query(rate("llm_tokens_used_total", "model, type"), "{{model}} {{type}}"),
            unit="short",
            width=6,
        ),
        graph(
            "LLM cost per hour",
            "By model, at the present pace. The line is the limit of HighLLMSpend, which adds all models up.",
            Query(llm_cost_per_hour("$__rate_interval", "model", HERE), "{{model}}"),
            unit="currencyUSD",
            width=6,
            limits=[limits.LLM_USD_PER_HOUR],
        ),
    ]


def _resources() -> list[Panel]:
    return [
        graph(
            "Cache hit rate",
            "Share of look-ups that each cache answered. The line is the limit of LowCacheHitRate.",
            Query(cache_hit_rate("$__rate_interval", HERE), "{{cache_type}}"),
            unit="percentunit",
            limits=[limits.CACHE_HIT_RATE],
        ),
        graph(
            "Memory usage",
            "Memory of each backend. The line is the limit of HighMemoryUsage.",
            Query(f"memory_usage_bytes{{{HERE}}}", "{{instance}}"),
            unit="bytes",
            limits=[limits.MEMORY_BYTES],
        ),
        graph(
            "Event loop lag, p99",
            "How late timers run: time in which the backend could serve nobody. The line is the limit of EventLoopLag.",
            Query(quantile(0.99, "event_loop_lag_seconds", "$__rate_interval", where=HERE), "p99"),
            unit="s",
            limits=[limits.EVENT_LOOP_SECONDS],
        ),
    ]
