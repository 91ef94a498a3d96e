"""What a project says about itself, for what no file of rules can tell: by default monitoring/lint.yml.

    prometheus: monitoring/prometheus.yml     scrape interval, jobs and labels of targets
    subset: artisan/dashboards/subset.json    the panel and variable types that dashboards may use
    targets: [namespace, pod]                 further labels that every scraped series has
    metrics: [{name, type, labels, …}]        metrics of other programs that rules use
    ceilings: [{metric, value | limit, …}]    the largest values that metrics can ever take
    unused: [{metric, reason}]                metrics that are used nowhere, on purpose
    waivers: [{rule, where, reason}]          findings that are accepted

Paths are relative to the folder that lint is started for, the project's root.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .metrics import Metric
from .text import Source, Text


@dataclass(frozen=True, eq=False)
class Ceiling:
    """The largest value that a metric can ever take, in its own unit, and why.

    An alert on the metric is deaf unless its threshold times `margin` stays below.
    """

    metric: str
    value: float
    because: str
    margin: float = 1.0


@dataclass(frozen=True, eq=False)
class Limit:
    """A ceiling that stands in a manifest: the memory limit of a container, to be read from the file."""

    metric: str
    file: Text
    container: str
    margin: float


@dataclass(frozen=True, eq=False)
class Unused:
    """A metric that is used nowhere, on purpose."""

    metric: Text
    reason: str


@dataclass(frozen=True, eq=False)
class Waiver:
    """Findings of a rule that are accepted: `where` is `file` or `file:subject`, either with `*`."""

    rule: Text
    where: str
    reason: str


@dataclass(frozen=True)
class Config:
    """All of it; empty for a project that has none."""

    prometheus: Text | None = None
    subset: Text | None = None
    targets: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()
    limits: tuple[Limit, ...] = ()
    unused: tuple[Unused, ...] = ()
    unused_key: Text | None = None
    """Where the list begins."""
    waivers: tuple[Waiver, ...] = ()
    source: Source = field(default_factory=lambda: Source("", ""))
