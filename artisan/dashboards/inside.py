"""Artisan Hub - Inside: what the service rests on, and whether what watches it can still see, think and speak."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard

from . import lights, limits
from .board import board, instance
from .panels import STATES, Panel, Query, graph, light, timeline, words
from .queries import HERE, JOB, cache_hit_rate, dependency_state, quantile, rate
from .telemetry import seeing, speaking, watching_lights

_WINDOW = "$__rate_interval"


def inside() -> dashboard.Dashboard:
    """The dashboard `artisan-inside`."""
    return board(
        "artisan-inside",
        "Artisan Hub - Inside",
        "What the service rests on, and whether what watches it can still see, think and speak",
        variables=[instance()],
        rows=[
            ("Now", [*_service_lights(), *watching_lights()]),
            ("Dependencies", _dependencies()),
            ("Database", _database()),
            ("Cache and tools", _cache_and_tools()),
            ("Process", _process()),
            ("The metrics themselves", _metrics()),
            ("Spans and log records on their way", _export()),
            ("Telemetry: seeing", seeing()),
            ("Telemetry: thinking and speaking", speaking()),
        ],
    )


def _service_lights() -> list[Panel]:
    return [
        _dependency_light("Database", "database", "Alert: DatabaseUnavailable."),
        _dependency_light("Redis", "redis", "Alert: RedisUnavailable."),
        light(
            "Slowest statement, p95",
            "The highest 95th percentile of any table over the last 5 minutes.",
            Query(f"max({quantile(0.95, 'db_query_duration_seconds', '5m', 'table')})"),
            unit="s",
        ),
        lights.lowest_cache_hit_rate(),
        light(
            "Event loop lag, p99",
            "Of the backend that is worst, over the last 5 minutes. Alert: EventLoopLag.",
            Query(f"max({quantile(0.99, 'event_loop_lag_seconds', '5m', 'instance')})"),
            unit="s",
            limits=[limits.EVENT_LOOP_SECONDS],
        ),
        lights.memory(),
    ]


def _dependency_light(title: str, dependency: str, alert: str) -> Panel:
    return light(
        title,
        f"Whether every backend that wants it can reach it. {alert}",
        Query(dependency_state(f'{JOB}, dependency="{dependency}"')),
        limits=limits.STATES,
        mappings=[words(STATES)],
    )


def _dependencies() -> list[Panel]:
    return [
        timeline(
            "Health of each dependency",
            "By the backend's own checks: the worst of the backends at each moment.",
            Query(dependency_state(HERE), "{{dependency}}"),
            STATES,
            width=12,
        ),
        timeline(
            "Who answers Prometheus",
            "Every target that it scrapes.",
            Query("up", "{{job}} {{instance}}"),
            {"0": ("DOWN", "red"), "1": ("UP", "green")},
            width=12,
        ),
    ]


def _database() -> list[Panel]:
    seconds = "db_query_duration_seconds"
    return [
        graph(
            "Statements",
            "Statements per second by operation and table.",
            Query(rate("db_queries_total", "operation, table"), "{{operation}} {{table}}"),
            unit="ops",
        ),
        graph(
            "Time of a statement, p95",
            "By operation and table.",
            Query(quantile(0.95, seconds, _WINDOW, "operation, table", HERE), "{{operation}} {{table}}"),
            unit="s",
        ),
        graph(
            "Time spent in the database",
            "Seconds of waiting in each second, by table: 1 is a connection that is always busy.",
            Query(rate(f"{seconds}_sum", "table"), "{{table}}"),
            unit="short",
        ),
        graph(
            "Connections",
            "Of all workers, by what they do; the line is how many the pools may open. At the line, requests wait.",
            Query(f"sum(db_pool_connections{{{HERE}}}) by (state)", "{{state}}"),
            Query(f"sum(db_pool_connections_max{{{HERE}}})", "may be open"),
            unit="short",
        ),
        graph(
            "Waiting for a connection, p95",
            "How long a reading waited until it had a connection, a new one or one of the pool.",
            Query(quantile(0.95, "db_pool_wait_seconds", _WINDOW, "instance", HERE), "{{instance}}"),
            unit="s",
        ),
        graph(
            "Got no connection",
            "Readings per second that found all connections in use for as long as they may wait: answered 503.",
            Query(rate("db_pool_timeouts_total", "instance"), "{{instance}}"),
            unit="ops",
        ),
    ]


def _cache_and_tools() -> list[Panel]:
    seconds = "tool_execution_duration_seconds"
    return [
        graph(
            "Cache hit rate",
            "Share of look-ups that each cache answered. The line is the limit of LowCacheHitRate.",
            Query(cache_hit_rate(_WINDOW, HERE), "{{cache_type}}"),
            unit="percentunit",
            width=6,
            limits=[limits.CACHE_HIT_RATE],
        ),
        graph(
            "Cache look-ups",
            "Per second by cache and outcome.",
            Query(rate("cache_hits_total", "cache_type"), "{{cache_type}} hit"),
            Query(rate("cache_misses_total", "cache_type"), "{{cache_type}} miss"),
            unit="ops",
            width=6,
        ),
        graph(
            "Tool calls",
            "Per second by tool and outcome.",
            Query(rate("tool_executions_total", "tool_name, status"), "{{tool_name}} {{status}}"),
            unit="ops",
            width=6,
            leads_to="tool_name",
        ),
        graph(
            "Time of a tool call, p95",
            "By tool.",
            Query(quantile(0.95, seconds, _WINDOW, "tool_name", HERE), "{{tool_name}}"),
            unit="s",
            width=6,
            leads_to="tool_name",
        ),
    ]


def _process() -> list[Panel]:
    lag = "event_loop_lag_seconds"
    sizes = {"received": "http_request_size_bytes", "sent": "http_response_size_bytes"}
    return [
        graph(
            "Event loop lag",
            "How late timers run: time in which the backend could serve nobody. The line is the limit of EventLoopLag.",
            *(Query(quantile(q, lag, _WINDOW, where=HERE), f"p{q * 100:g}") for q in (0.5, 0.99)),
            unit="s",
            width=6,
            limits=[limits.EVENT_LOOP_SECONDS],
        ),
        graph(
            "Memory",
            "Of each backend. The line is the limit of HighMemoryUsage.",
            Query(f"memory_usage_bytes{{{HERE}}}", "{{instance}}"),
            unit="bytes",
            width=6,
            limits=[limits.MEMORY_BYTES],
        ),
        graph(
            "Size of bodies, p95",
            "Bytes received with a request and sent with its response.",
            *(Query(quantile(0.95, size, _WINDOW, where=HERE), name) for name, size in sizes.items()),
            unit="bytes",
            width=6,
        ),
        graph(
            "Broken responses",
            "Responses per second that broke off after their status had been sent: a 200 that nobody got whole.",
            Query(rate("http_responses_broken_total", "endpoint"), "{{endpoint}}"),
            unit="reqps",
            width=6,
            leads_to="endpoint",
        ),
    ]


def _metrics() -> list[Panel]:
    return [
        graph(
            "Label sets without room",
            "Per second by metric and label: values that come from outside, counted under _overflow.",
            Query(rate("metrics_label_overflow_total", "metric, label"), "{{metric}} {{label}}"),
            unit="ops",
        ),
        graph(
            "Files of workers that could not be read",
            "Per second by reason: what those workers have counted is missing.",
            Query(rate("metrics_files_skipped_total", "reason"), "{{reason}}"),
            unit="ops",
        ),
        graph(
            "Label sets that only one worker shows",
            "Because the disk was full when they were new: what a scrape shows of them depends on who answers.",
            Query(f"metrics_unshared_series{{{HERE}}}", "{{instance}}"),
            unit="short",
        ),
    ]


def _export() -> list[Panel]:
    return [
        graph(
            "Sent",
            "Spans and log records per second that the collector of OTEL_EXPORTER_OTLP_ENDPOINT has taken.",
            Query(rate("telemetry_exported_total", "signal"), "{{signal}}"),
            unit="ops",
            width=12,
        ),
        graph(
            "Lost",
            "Per second and by reason: no room to wait, refused after all retries, or late at the end.",
            Query(rate("telemetry_dropped_total", "signal, reason"), "{{signal}} {{reason}}"),
            unit="ops",
            width=12,
        ),
    ]
