"""Memory when a label takes its values from outside: a scanner asks for paths that there are not."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import psutil

from benchmarks.families import PEER
from benchmarks.group import Group
from benchmarks.process import column, interleave
from benchmarks.row import OURS, Comparison, Row
from benchmarks.variant import Measure

VALUES, QUICK_VALUES = 1_000_000, 100_000
NAME = "bench_paths_total"


class Side(NamedTuple):
    """`record` a path once; `total` is the sum over all label sets."""

    record: Callable[[str], None]
    total: Callable[[], float]


def prepare(variant: str) -> Measure:
    """Megabytes that the process grows by, and how many counts are lost; for one question only."""
    side = SIDES[variant]()
    process = psutil.Process()

    def measure(values: int) -> dict[str, float]:
        before = process.memory_info().rss
        for number in range(values):
            side.record(f"/wp-content/plugins/{number}.php")
        gc.collect()
        grown = (process.memory_info().rss - before) / 1e6
        return {"megabytes": grown, "lost": values - side.total()}

    return measure


def _ours() -> Side:
    from backend.core.monitoring.metrics import Counter, Registry

    registry = Registry()
    paths = Counter(NAME, "Requests", labels=("path",), registry=registry)

    def total() -> float:
        samples = (line for line in registry.render().body.splitlines() if line.startswith(NAME.encode()))
        return sum(float(line.rpartition(b" ")[2]) for line in samples)

    return Side(lambda path: paths.labels(path=path).inc(), total)


def _peer() -> Side:
    import prometheus_client

    prometheus_client.disable_created_metrics()
    registry = prometheus_client.CollectorRegistry()
    paths = prometheus_client.Counter(NAME, "Requests", ("path",), registry=registry)

    def total() -> float:
        return sum(sample.value for metric in registry.collect() for sample in metric.samples)

    return Side(lambda path: paths.labels(path=path).inc(), total)


def _opentelemetry() -> Side:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    reader = InMemoryMetricReader()
    paths = MeterProvider([reader]).get_meter("bench").create_counter(NAME)

    def total() -> float:
        data = reader.get_metrics_data()
        assert data is not None, "something was counted"
        points: Any = data.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points
        return sum(float(point.value) for point in points)

    return Side(lambda path: paths.add(1, {"path": path}), total)


SIDES: dict[str, Callable[[], Side]] = {PEER: _peer, OURS: _ours, "OpenTelemetry SDK": _opentelemetry}


def measure(quick: bool) -> Sequence[Row]:
    """One row."""
    values = QUICK_VALUES if quick else VALUES
    answers = interleave(__name__, tuple(SIDES), {"values": values}, rounds=1, warm_up=False)
    lost = {name: counts[0] for name, counts in column(answers, "lost").items() if counts[0]}
    fault = ", ".join(f"{name}: {count:,.0f} counts are lost" for name, count in lost.items())
    what = f"Memory after {values:,} values of a label"
    return [Row(what, "MB", column(answers, "megabytes"), PEER, Comparison.ABSOLUTE, fault=fault)]


GROUP = Group(
    "label_flood",
    "A label from outside",
    """\
A counter has a label whose values come from outside, as with a scanner that asks for a million paths. What the process
has more afterwards, by the kernel's count of its pages. Ours and OpenTelemetry keep 2000 label sets and count the rest
together; that nothing of the total is lost is checked.""",
    measure,
)
