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
    """One family. `type` is counter, gauge, histogram, gaugehistogram, summary, info, stateset or unknown.

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
        case "gaugehistogram":  # its buckets go up and down
            le = frozenset([*metric.spelt.values(), "+Inf"]) if metric.edges else None
            buckets = Series(f"{metric.name}_bucket", "gauge", {**labels, "le": le}, metric)
            return [buckets, *(Series(f"{metric.name}_{part}", "gauge", labels, metric) for part in ("gsum", "gcount"))]
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


def _merged(families: Iterable[Metric]) -> Iterable[Metric]:
    """One family for each name and type: several pages, or several instances, may show a part of it each."""
    found: dict[tuple[str, str], Metric] = {}
    for family in families:
        key = (family.name, family.type)
        found[key] = _both(found[key], family) if key in found else family
    return found.values()


def _both(one: Metric, other: Metric) -> Metric:
    """All that either shows. Edges that are spelt in two ways are not known; nor is a unit that they disagree on."""
    labels: dict[str, Values] = {**other.labels, **one.labels}
    for name in one.labels.keys() & other.labels.keys():
        ours, theirs = one.labels[name], other.labels[name]
        labels[name] = None if ours is None or theirs is None else ours | theirs
    unit = one.unit if other.unit in {None, one.unit} else other.unit if one.unit is None else None
    spelt = {**one.spelt, **other.spelt}
    if {**other.spelt, **one.spelt} != spelt:
        return Metric(one.name, one.type, labels, unit, open=True)
    edges = tuple(sorted({*one.edges, *other.edges}))
    return Metric(one.name, one.type, labels, unit, edges, spelt, open=one.open or other.open)


class Metrics:
    """A set of families that is the whole truth, and the labels that Prometheus adds to each series of theirs."""

    def __init__(self, families: Iterable[Metric], target_labels: Mapping[str, Values]) -> None:
        self.families = tuple(_merged(families))
        self._series: dict[str, Series] = {}
        for family in self.families:
            for series in series_of(family):
                labels = {**target_labels, **series.labels}
                other = self._series.get(series.name)
                kind = series.kind if other is None or other.kind == series.kind else "unknown"
                self._series[series.name] = Series(series.name, kind, labels, family)

    def get(self, name: str) -> Series | None:
        """The series of this name."""
        return self._series.get(name)

    def names(self) -> Iterable[str]:
        """Every series name."""
        return self._series.keys()


def closest(name: str, names: Iterable[str]) -> str:
    """A known name that was probably meant, or nothing."""
    return next(iter(difflib.get_close_matches(name, list(names), n=1, cutoff=0.75)), "")
