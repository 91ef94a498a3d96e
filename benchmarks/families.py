"""The HTTP metrics of a service with many routes, declared with our library and with prometheus_client.

Both sides get the same names, labels, edges and values, so that their pages have the same samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .row import AGAIN, OURS

PEER = "prometheus_client"
STATUSES = ("200", "404", "422", "500", "503")
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
BYTES = tuple(4**power for power in range(3, 14))
LABELS = ("method", "endpoint")
OBSERVED = 0.001
"""Below every first edge, so that each observation changes every bucket of its histogram."""
TEXT = ""
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
"""What a scraper's `Accept` header asks for."""

COUNTER = "bench_requests_total"
HISTOGRAMS: Mapping[str, tuple[float, ...]] = {
    "bench_request_duration_seconds": SECONDS,
    "bench_request_size_bytes": BYTES,
    "bench_response_size_bytes": BYTES,
}
COUNTER_SAMPLES = len(STATUSES)
HISTOGRAM_SAMPLES = sum(len(edges) + 3 for edges in HISTOGRAMS.values())
SAMPLES = COUNTER_SAMPLES + HISTOGRAM_SAMPLES
"""Of one route: counters, and histograms with +Inf, sum and count."""
_LABEL_SETS = 1_000_000
"""What a metric of ours may have here: more than its default allows, for the largest page."""


@dataclass(frozen=True, slots=True)
class Families:
    """The metrics of one side, and how it shows all of a registry for an `Accept` header."""

    counter: Any
    histograms: tuple[Any, ...]
    render: Callable[[str], bytes]
    registry: Any

    def children(self, routes: int, *, counters: bool = True, histograms: bool = True) -> Iterator[Callable[[], None]]:
        """Bind the label sets of that many routes; each child's call records once into it."""
        for endpoint in endpoints(routes):
            if counters:
                for status in STATUSES:
                    yield self.counter.labels(method="GET", endpoint=endpoint, status=status).inc
            if histograms:
                for histogram in self.histograms:
                    yield _observing(histogram.labels(method="GET", endpoint=endpoint))


def endpoints(routes: int) -> Iterator[str]:
    """The templates of that many routes."""
    return (f"/api/v1/collection{number}/{{item}}" for number in range(routes))


def _observing(histogram: Any) -> Callable[[], None]:
    return lambda: histogram.observe(OBSERVED)


def ours(registry: Any = None) -> Families:
    """Declared with our library, in a registry of their own unless one is given."""
    from backend.core.monitoring.metrics import Counter, Histogram, Registry

    registry = Registry() if registry is None else registry
    counter = Counter(COUNTER, "Requests", labels=(*LABELS, "status"), limit=_LABEL_SETS, registry=registry)
    histograms = tuple(
        Histogram(name, "Observed", labels=LABELS, buckets=edges, limit=_LABEL_SETS, registry=registry)
        for name, edges in HISTOGRAMS.items()
    )
    return Families(counter, histograms, lambda accept: registry.render(accept).body, registry)


def peer() -> Families:
    """Declared with prometheus_client, without its `_created` samples, which would double the page."""
    import prometheus_client
    from prometheus_client.exposition import choose_encoder

    prometheus_client.disable_created_metrics()
    registry = prometheus_client.CollectorRegistry()
    counter = prometheus_client.Counter(COUNTER, "Requests", (*LABELS, "status"), registry=registry)
    histograms = tuple(
        prometheus_client.Histogram(name, "Observed", LABELS, buckets=edges, registry=registry)
        for name, edges in HISTOGRAMS.items()
    )
    return Families(counter, histograms, lambda accept: choose_encoder(accept)[0](registry), registry)


SIDES: dict[str, Callable[[], Families]] = {OURS: ours, PEER: peer}
VARIANTS = (PEER, OURS, PEER + AGAIN)
