"""Declaring and showing metrics, and what the catalogue promises to whoever queries it."""

from __future__ import annotations

import prometheus_client
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from backend.core.monitoring import render_metrics
from backend.core.monitoring.metrics import REGISTRY, Counter, Gauge, Histogram, Info, Registry, catalogue

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
# The table of the guide and the design: name, type, labels.
PROMISED = {
    "http_requests_total": ("counter", "method endpoint status"),
    "http_request_duration_seconds": ("histogram", "method endpoint"),
    "http_request_size_bytes": ("histogram", "method endpoint"),
    "http_response_size_bytes": ("histogram", "method endpoint"),
    "active_requests": ("gauge", ""),
    "agent_executions_total": ("counter", "agent_type status"),
    "agent_execution_duration_seconds": ("histogram", "agent_type"),
    "agent_errors_total": ("counter", "agent_type error_type"),
    "active_agents": ("gauge", ""),
    "llm_requests_total": ("counter", "provider model status"),
    "llm_request_duration_seconds": ("histogram", "provider model"),
    "llm_tokens_used_total": ("counter", "provider model type"),
    "llm_cost_usd_total": ("counter", "provider model"),
    "db_queries_total": ("counter", "operation table"),
    "db_query_duration_seconds": ("histogram", "operation table"),
    "cache_hits_total": ("counter", "cache_type"),
    "cache_misses_total": ("counter", "cache_type"),
    "tool_executions_total": ("counter", "tool_name status"),
    "tool_execution_duration_seconds": ("histogram", "tool_name"),
    "memory_usage_bytes": ("gauge", ""),
    "app_info": ("gauge", "version environment commit"),
}


@pytest.fixture
def registry() -> Registry:
    return Registry()


def test_the_catalogue_declares_what_the_guide_promises() -> None:
    """By name, type and labels, no more and no fewer labels."""
    declared = {entry.name: (entry.type, " ".join(entry.labels)) for entry in REGISTRY.descriptions()}
    assert {name: declared.get(name) for name in PROMISED} == PROMISED


@pytest.mark.parametrize(
    ("metric", "threshold"),
    [
        ("http_request_duration_seconds", 5),
        ("llm_request_duration_seconds", 30),
        ("agent_execution_duration_seconds", 300),
    ],
)
def test_thresholds_are_edges_with_another_above(metric: str, threshold: float) -> None:
    """A quantile beyond the last finite edge cannot be told, one between two edges is interpolated."""
    (description,) = (entry for entry in REGISTRY.descriptions() if entry.name == metric)
    assert threshold in description.buckets
    assert description.buckets[-1] > threshold


def test_size_edges_are_powers_of_four() -> None:
    """64 B to 64 MiB."""
    assert catalogue._SIZE_BYTES[0] == 64
    assert catalogue._SIZE_BYTES[-1] == 64 * 1024 * 1024


@pytest.mark.parametrize("entry", REGISTRY.descriptions(), ids=lambda entry: entry.name)
def test_names_carry_their_unit(entry: object) -> None:
    """Prometheus' naming: base units, and the unit at the end of the name (before `_total`)."""
    unit = getattr(entry, "unit", "").lower()
    assert getattr(entry, "name", "").removesuffix("_total").endswith(unit)


def test_children_are_bound_and_start_at_zero(registry: Registry) -> None:
    """`labels()` alone makes the series exist."""
    counter = Counter("jobs_total", "Jobs", labels=("queue",), registry=registry)
    slow = counter.labels(queue="slow")
    assert registry.value("jobs_total", queue="slow") == 0
    slow.inc()
    slow.inc(2.5)
    assert registry.value("jobs_total", queue="slow") == 3.5


def test_gauge_histogram_and_info(registry: Registry) -> None:
    """Each records what its name says."""
    gauge = Gauge("depth", "Depth", registry=registry)
    gauge.set(5)
    gauge.inc()
    gauge.dec(2)
    histogram = Histogram("wait_seconds", "Wait", buckets=(1, 2), unit="seconds", registry=registry)
    for seconds in (0.5, 1.0, 1.5, 9.0):
        histogram.observe(seconds)
    Info("build_info", "Build", labels=("version",), registry=registry).set(version='1"\\\n')
    assert registry.value("depth") == 4
    assert [registry.value("wait_seconds_bucket", le=edge) for edge in ("1.0", "2.0", "+Inf")] == [2, 3, 4]
    assert (registry.value("wait_seconds_sum"), registry.value("wait_seconds_count")) == (12, 4)
    assert registry.value("build_info", version='1"\\\n') == 1


def test_mistakes_are_errors_at_once(registry: Registry) -> None:
    """A wrong label, a second declaration, a counter without `_total`, a counter that falls."""
    counter = Counter("a_total", "A", labels=("x",), registry=registry)
    for mistake in (
        lambda: counter.labels(y="1"),
        counter.labels,
        lambda: counter.labels(x="1").inc(-1),
        lambda: Counter("a_total", "again", registry=registry),
        lambda: Counter("a", "no suffix", registry=registry),
        lambda: Info("a", "no suffix", labels=("x",), registry=registry),
        lambda: Info("b_info", "B", labels=("x",), registry=registry).set(y="1"),
    ):
        with pytest.raises(ValueError, match=r"."):
            mistake()


def test_both_formats_are_what_their_parsers_accept() -> None:
    """Prometheus' text format and OpenMetrics, with the process's own metrics beside ours."""
    text = {family.name for family in parse_text(render_metrics().decode())}
    openmetrics = {family.name for family in parse_openmetrics(render_metrics(OPENMETRICS).decode())}
    assert {"http_requests", "app_info", "process_cpu_seconds"} <= text
    assert {"http_requests", "process_cpu_seconds"} <= openmetrics


def test_a_users_own_prometheus_client_metric_is_exposed() -> None:
    """What is registered the common way is not lost."""
    mine = prometheus_client.Counter("mine_total", "Mine")
    try:
        mine.inc()
        assert b"\nmine_total 1.0\n" in render_metrics()
    finally:
        prometheus_client.REGISTRY.unregister(mine)


def test_no_created_series() -> None:
    """They would double every counter and histogram."""
    assert b"_created" not in render_metrics()


def test_a_label_may_list_all_its_values_if_the_metric_has_it(registry: Registry) -> None:
    """Rules and dashboards are checked against them."""
    Counter("orders_total", "Orders.", labels=("status",), values={"status": ("paid", "open")}, registry=registry)
    assert registry.descriptions()[0].values == {"status": ("paid", "open")}
    with pytest.raises(ValueError, match="no label shop"):
        Gauge("stock", "Stock.", values={"shop": ("pune",)}, registry=registry)
