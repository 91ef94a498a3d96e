"""What a metric promises to dashboards, rules and docs, independent of its values."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Values = Mapping[str, tuple[str, ...]]
"""All values of each label that has only these."""
NO_VALUES: Values = MappingProxyType({})

Type = Literal["counter", "gauge", "histogram"]
Across = Literal["sum", "max", "min", "latest", "any"]
"""What a gauge of several workers is together: the sum, the largest, the smallest or the one that was set last;
`any` is for facts, which hold as soon as one worker says so."""

LIMIT = 2000
"""Label sets of one metric, unless it says otherwise: the default of OpenTelemetry's SDKs, too."""

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")
_ENDINGS = {"histogram": ("_bucket", "_sum", "_count")}


@dataclass(frozen=True, slots=True)
class Description:
    """One metric. Raises ValueError when it could not be shown, or would be shown as something else."""

    name: str
    type: Type
    help: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    buckets: tuple[float, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each label whose values are known in advance, all of them. A label that is not here can have any value."""
    across: Across = "sum"
    limit: int = LIMIT
    """The most label sets; what comes after them is counted under `_overflow`."""

    def __post_init__(self) -> None:
        """Raise ValueError for a name, a label or an edge that a scraper would refuse or misunderstand."""
        _check_names(self)
        _check_buckets(self)
        if self.limit < 1:
            raise ValueError(f"metric {self.name!r} must allow one label set at least")

    @property
    def cells(self) -> int:
        """Numbers that one label set keeps: the buckets with +Inf and the sum; a gauge that is no sum also when."""
        if self.type == "histogram":
            return len(self.buckets) + 2
        return 2 if self.across in {"max", "min", "latest"} else 1

    @property
    def family(self) -> str:
        """The name that OpenMetrics gives to all samples of the metric together."""
        if self.type == "counter":
            return self.name.removesuffix("_total")
        return self.name.removesuffix("_info") if self.across == "any" else self.name

    @property
    def samples(self) -> frozenset[str]:
        """The names of its series."""
        return frozenset(self.name + ending for ending in _ENDINGS.get(self.type, ("",)))


def _check_names(metric: Description) -> None:
    if not _NAME.fullmatch(metric.name):
        raise ValueError(f"{metric.name!r} cannot be the name of a metric")
    if metric.type == "counter" and not metric.name.endswith("_total"):
        raise ValueError(f"counter {metric.name!r} must end in _total")
    if metric.across == "any" and not metric.name.endswith("_info"):
        raise ValueError(f"info {metric.name!r} must end in _info")
    for label in metric.labels:
        if not _LABEL.fullmatch(label) or (label == "le" and metric.type == "histogram"):
            raise ValueError(f"metric {metric.name!r} cannot have a label {label!r}")
    if len(set(metric.labels)) < len(metric.labels):
        raise ValueError(f"metric {metric.name!r} names a label twice")
    if strangers := metric.values.keys() - set(metric.labels):
        raise ValueError(f"metric {metric.name!r} has no label {', '.join(sorted(strangers))}")


def _check_buckets(metric: Description) -> None:
    edges = metric.buckets
    if metric.type != "histogram":
        if edges:
            raise ValueError(f"{metric.type} {metric.name!r} has no buckets")
        return
    if not edges or not all(map(math.isfinite, edges)):
        raise ValueError(f"histogram {metric.name!r} needs edges that are finite; +Inf is added to them")
    if edges[0] < 0:
        raise ValueError(f"histogram {metric.name!r} has an edge below 0: its sum would not be a counter")
    if any(low >= high for low, high in itertools.pairwise(edges)):
        raise ValueError(f"the edges of histogram {metric.name!r} must rise")
