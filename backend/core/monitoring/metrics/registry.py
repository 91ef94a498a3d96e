"""The set of declared metrics, and the one place that knows how they are shown to a scraper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import prometheus_client
from prometheus_client.exposition import choose_encoder

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric as Family


@dataclass(frozen=True, slots=True)
class Description:
    """What a metric promises to dashboards, rules and docs, independent of its values."""

    name: str
    type: str
    help: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    buckets: tuple[float, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each label whose values are known in advance, all of them. A label that is not here can have any value."""

    def __post_init__(self) -> None:
        """Raise ValueError when `values` speaks of a label that the metric does not have."""
        if strangers := self.values.keys() - set(self.labels):
            raise ValueError(f"metric {self.name!r} has no label {', '.join(sorted(strangers))}")


class Exposition(NamedTuple):
    """A rendered page and the content type that names its format."""

    body: bytes
    content_type: str


class Registry:
    """Metrics of one service. Tests make their own; the service uses `REGISTRY`."""

    def __init__(self) -> None:
        self.store = prometheus_client.CollectorRegistry(auto_describe=False)
        self._descriptions: dict[str, Description] = {}

    def declare(self, description: Description) -> None:
        """Add a metric to the catalogue; raises ValueError when the name is taken."""
        if description.name in self._descriptions:
            raise ValueError(f"metric {description.name!r} is declared twice")
        self._descriptions[description.name] = description

    def descriptions(self) -> tuple[Description, ...]:
        """Every declared metric, in the order of declaration."""
        return tuple(self._descriptions.values())

    def value(self, sample: str, **labels: str) -> float | None:
        """The present value of one sample (`x_total`, `x_bucket` …), or None when it does not exist."""
        return self.store.get_sample_value(sample, labels)

    def render(self, accept: str = "", *, beside: Iterable[prometheus_client.CollectorRegistry] = ()) -> Exposition:
        """The exposition in the format that `accept` asks for, followed by that of other registries."""
        encode, content_type = choose_encoder(accept)
        return Exposition(encode(_Chain((self.store, *beside))), content_type)


class _Chain(prometheus_client.CollectorRegistry):
    """Several registries shown as one page."""

    def __init__(self, parts: tuple[prometheus_client.CollectorRegistry, ...]) -> None:
        super().__init__()
        self._parts = parts

    def collect(self) -> Iterator[Family]:
        for part in self._parts:
            for family in part.collect():
                # `_created` doubles the series of every counter and histogram for a time that nobody queries.
                family.samples = [s for s in family.samples if not s.name.endswith("_created")]
                yield family


REGISTRY = Registry()


def render_metrics(accept: str = "") -> bytes:
    """The exposition of this process: our metrics, then whatever is in `prometheus_client.REGISTRY`."""
    return REGISTRY.render(accept, beside=(prometheus_client.REGISTRY,)).body
