"""The metrics that exist: by name, type, labels with their values, edges and unit; and the series each one has."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Values = frozenset[str] | None
"""All values that a label can have; None when it can have any."""

_UNITS = {
    "seconds": "seconds",
    "milliseconds": "milliseconds",
    "microseconds": "microseconds",
    "nanoseconds": "nanoseconds",
    "bytes": "bytes",
    "bits": "bits",
    "ratio": "ratio",
    "percent": "percent",
    "celsius": "celsius",
    "usd": "USD",
}


@dataclass(frozen=True)
class Metric:
    """One family. `type` is counter, gauge, histogram, summary, info, stateset or unknown.

    `unit` is OpenMetrics' word in lower case (`seconds`, `bytes`), "" when it has none (a number of things), or None
    when nobody says. `edges` are the finite ones of a histogram, in rising order; `spelt` is each edge as its series
    spell it in `le`.
    """

    name: str
    type: str
    labels: Mapping[str, Values] = field(default_factory=dict)
    unit: str | None = None
    edges: tuple[float, ...] = ()
    spelt: Mapping[float, str] = field(default_factory=dict)
    open: bool = False
    """Whether it may have labels, and a histogram edges, beyond those listed."""


@dataclass(frozen=True)
class Series:
    """What a selector can ask for: `kind` is counter, gauge, bucket or unknown."""

    name: str
    kind: str
    labels: Mapping[str, Values]
    metric: Metric


def unit_of(name: str) -> str | None:
    """The unit that a metric's name ends in, by Prometheus' conventions."""
    return _UNITS.get(name.removesuffix("_total").rpartition("_")[2])


def series_of(metric: Metric) -> list[Series]:
    """Every series name of a family."""
    labels = metric.labels
    match metric.type:
        case "histogram":
            le = frozenset([*metric.spelt.values(), "+Inf"]) if metric.edges else None
            buckets = Series(f"{metric.name}_bucket", "bucket", {**labels, "le": le}, metric)
            return [buckets, *_sums(metric)]
        case "summary":
            return [
                *_sums(metric),
                Series(metric.name, "gauge", {**labels, "quantile": labels.get("quantile")}, metric),
            ]
        case "counter":
            return [Series(metric.name, "counter", labels, metric)]
        case "gauge" | "info" | "stateset":
            return [Series(metric.name, "gauge", labels, metric)]
    return [Series(metric.name, "unknown", labels, metric)]


def _sums(metric: Metric) -> list[Series]:
    labels = {name: values for name, values in metric.labels.items() if name != "quantile"}
    return [Series(f"{metric.name}_{part}", "counter", labels, metric) for part in ("sum", "count")]


class Metrics:
    """A set of families that is the whole truth, and the labels that Prometheus adds to each series of theirs."""

    def __init__(self, families: Iterable[Metric], target_labels: Mapping[str, Values]) -> None:
        self.families = tuple(families)
        self._series: dict[str, Series] = {}
        for family in self.families:
            for series in series_of(family):
                labels = {**target_labels, **series.labels}
                self._series[series.name] = Series(series.name, series.kind, labels, family)

    def get(self, name: str) -> Series | None:
        """The series of this name."""
        return self._series.get(name)

    def names(self) -> Iterable[str]:
        """Every series name."""
        return self._series.keys()


def closest(name: str, names: Iterable[str]) -> str:
    """A known name that was probably meant, or nothing."""
    return next(iter(difflib.get_close_matches(name, list(names), n=1, cutoff=0.75)), "")
