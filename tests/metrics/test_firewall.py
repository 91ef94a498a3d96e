"""No label can fill the memory: past its limit, a metric counts new label sets under one."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest

from backend.core.monitoring import metrics
from backend.core.monitoring.metrics import Counter, Histogram, Registry
from backend.core.monitoring.metrics.catalogue import LABEL_OVERFLOW
from backend.core.monitoring.metrics.labels import LONGEST_VALUE

CORE = Path(metrics.__file__).parent


class Asked(NamedTuple):
    path: str
    status: Literal["200", "404"]


@pytest.fixture
def registry() -> Registry:
    return Registry()


def test_totals_stay_right_and_the_status_is_kept(registry: Registry) -> None:
    """What has no room is counted all the same, under a set that only bounded labels tell apart."""
    counter = Counter("asked_total", "Asked", labels=Asked, limit=3, registry=registry)
    for number in range(10):
        counter.labels(path=f"/{number}", status="200").inc()
        counter.labels(path=f"/{number}", status="404").inc(2)
    assert registry.value("asked_total", path="_overflow", status="200") == 8
    assert registry.value("asked_total", path="_overflow", status="404") == 18
    assert registry.value("asked_total", path="/0", status="200") == 1
    assert b'asked_total{path="/9"' not in registry.render().body


def test_it_is_counted_and_told_once_a_minute_which_label_it_was(registry: Registry, logs: Any) -> None:
    """The label with most values is the one that came from outside."""
    overflow = Counter("over_total", "Overflow", labels=("metric", "label"), registry=registry)
    registry.troubles.count_with(overflow, overflow, LABEL_OVERFLOW)  # type: ignore[arg-type]
    histogram = Histogram("b_seconds", "B", labels=("path", "status"), buckets=(1,), limit=5, registry=registry)
    for number in range(20):
        histogram.labels(f"/{number}", "200").observe(1)
    assert registry.value("over_total", metric="b_seconds", label="path") == 15
    (line,) = logs.of("metric_labels_overflow")
    assert (line["metric"], line["label"]) == ("b_seconds", "path")


def test_a_scan_of_many_values_leaves_memory_flat(registry: Registry) -> None:
    """Each of them as long as a client can make it."""
    counter = Counter("asked_total", "Asked", labels=("path",), registry=registry)
    for number in range(2500):
        counter.labels(f"/{number}" + "x" * 300).inc()
    tracemalloc.start()
    try:
        for number in range(1000):  # what is made once is made
            counter.labels(f"/first/{number}").inc()
        before = held_by_the_metrics()
        for number in range(100_000):
            counter.labels(f"/scan/{number}").inc()
        grown = held_by_the_metrics() - before
    finally:
        tracemalloc.stop()
    assert grown < 2_000
    assert registry.value("asked_total", path="_overflow") == 101_500


def held_by_the_metrics() -> int:
    """Bytes, without what other threads of the tests have made meanwhile."""
    ours = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(inclusive=True, filename_pattern=f"{CORE}/*")])
    return sum(trace.size for trace in ours.traces)


def test_a_value_is_cut_and_made_valid(registry: Registry) -> None:
    """Megabytes from outside, and bytes that are no UTF-8."""
    counter = Counter("asked_total", "Asked", labels=("path",), registry=registry)
    counter.labels("x" * 1_000_000).inc()
    counter.labels("\udcff").inc()
    counter.labels("\\udcff").inc()
    page = registry.render().body.decode()
    assert len(page) < 3 * LONGEST_VALUE
    assert page.count("udcff") == 1  # what looks the same is the same
