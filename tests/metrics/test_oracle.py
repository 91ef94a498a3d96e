"""prometheus_client as the oracle: the same operations on both, and the parsers of both formats read the same."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import prometheus_client as peer
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.exposition import generate_latest as peers_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from backend.core.monitoring.metrics import Counter, Gauge, Histogram, Info, Registry, Trace

from .test_crashes import dies

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
EDGES = (0.005, 0.1, 1.0, 2.5, 1e6)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
AMOUNTS = st.floats(min_value=0, max_value=1e12)
ANY = st.floats(allow_nan=True, allow_infinity=True)
FINITE = st.floats(min_value=0, max_value=1e9)
Operations = list[tuple[str, str, float]]
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("count"), TEXTS, AMOUNTS),
        st.tuples(st.just("set"), TEXTS, ANY),
        st.tuples(st.just("observe"), TEXTS, FINITE),
        st.tuples(st.just("total"), st.just(""), AMOUNTS),
    ),
    max_size=30,
)


class Both:
    """One set of metrics, ours and the peer's."""

    def __init__(self) -> None:
        self.registry, self.peers = Registry(), peer.CollectorRegistry()
        mine: dict[str, Any] = {"registry": self.registry}
        theirs: dict[str, Any] = {"registry": self.peers}
        help_ = 'A "help" with \\ and\nlines'
        self.counter = (
            Counter("jobs_total", help_, labels=("queue",), **mine),
            peer.Counter("jobs_total", help_, ["queue"], **theirs),
        )
        self.gauge = (
            Gauge("depth", "Depth", labels=("queue",), **mine),
            peer.Gauge("depth", "Depth", ["queue"], **theirs),
        )
        self.histogram = (
            Histogram("wait_seconds", "Wait", labels=("queue",), buckets=EDGES, **mine),
            peer.Histogram("wait_seconds", "Wait", ["queue"], buckets=EDGES, **theirs),
        )
        self.plain = Counter("all_total", "All", **mine), peer.Counter("all_total", "All", **theirs)

    def do(self, operations: list[tuple[str, str, float]]) -> None:
        for what, queue, amount in operations:
            for side in (0, 1):
                match what:
                    case "count":
                        self.counter[side].labels(queue=queue).inc(amount)
                    case "set":
                        self.gauge[side].labels(queue=queue).set(amount)
                    case "observe":
                        self.histogram[side].labels(queue=queue).observe(amount)
                    case _:
                        self.plain[side].inc(amount)


def read(families: Any) -> dict[Any, Any]:
    """Samples by name and labels; NaN equals itself."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): "NaN" if math.isnan(sample.value) else sample.value
        for family in families
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


@settings(deadline=None)
@given(OPERATIONS)
def test_both_formats_say_what_prometheus_client_says(operations: list[tuple[str, str, float]]) -> None:
    """Whatever is recorded, with whatever label values."""
    both = Both()
    both.do(operations)
    text, openmetrics = both.registry.render().body.decode(), both.registry.render(OPENMETRICS).body.decode()
    assert read(parse_text(text)) == read(parse_text(peer.generate_latest(both.peers).decode()))
    assert read(parse_openmetrics(openmetrics)) == read(parse_openmetrics(peers_openmetrics(both.peers).decode()))
    kinds = {family.name: (family.type, family.documentation) for family in parse_openmetrics(openmetrics)}
    assert kinds == {f.name: (f.type, f.documentation) for f in both.peers.collect()}


@settings(deadline=None, max_examples=25)
@given(OPERATIONS, OPERATIONS, OPERATIONS)
def test_several_workers_say_what_one_would(first: Operations, second: Operations, third: Operations) -> None:
    """Counters and histograms of all of them, also of the one that has ended and was folded."""
    with TemporaryDirectory() as folder:
        alone, workers = Both(), [Both(), Both(), Both()]
        for worker, operations in zip(workers, (first, second, third), strict=True):
            worker.registry.share(Path(folder))
            additive = [each for each in operations if each[0] != "set"]
            worker.do(additive)
            alone.do(additive)
        shown = read(parse_text(workers[0].registry.render().body.decode()))
        expected = read(parse_text(alone.registry.render().body.decode()))
        assert shown == expected or approximately(shown, expected)
        dies(workers[2].registry)
        workers[1].registry.tidy()
        assert approximately(read(parse_text(workers[0].registry.render().body.decode())), expected)


def approximately(left: dict[Any, Any], right: dict[Any, Any]) -> bool:
    """Equal up to the order of additions."""
    return left.keys() == right.keys() and all(
        math.isclose(left[key], right[key], rel_tol=1e-9, abs_tol=1e-3) for key in left
    )


def test_threads_lose_nothing() -> None:
    """Eight of them on the same cells."""
    registry = Registry()
    counter = Counter("a_total", "A", registry=registry)
    histogram = Histogram("b_seconds", "B", buckets=(1,), registry=registry)

    def work() -> None:
        for _ in range(5000):
            counter.inc()
            histogram.observe(0.5)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert registry.value("a_total") == 40_000
    assert registry.value("b_seconds_count") == 40_000


def test_exemplars_are_read_by_the_peers_parser() -> None:
    """The latest observation of a bucket that had a trace, in OpenMetrics only."""
    registry = Registry()
    histogram = Histogram("wait_seconds", "Wait", buckets=(1, 2), registry=registry)
    histogram.observe(1.5, Trace(0xABC, 0xDEF))
    histogram.observe(0.5)
    (family,) = parse_openmetrics(registry.render(OPENMETRICS).body.decode())
    found = {sample.labels["le"]: sample.exemplar for sample in family.samples if sample.name.endswith("_bucket")}
    assert found["1.0"] is None
    assert found["2.0"].labels == {"trace_id": f"{0xABC:032x}", "span_id": f"{0xDEF:016x}"}
    assert found["2.0"].value == 1.5
    assert b"trace_id" not in registry.render().body


def test_an_info_is_replaced_as_a_whole() -> None:
    """The facts of before are not shown beside those of now."""
    registry = Registry()
    info = Info("build_info", "Build", labels=("version",), registry=registry)
    info.set(version="1")
    info.set(version="2")
    assert b'version="1"' not in registry.render().body
    assert b'build_info{version="2"} 1.0' in registry.render().body
