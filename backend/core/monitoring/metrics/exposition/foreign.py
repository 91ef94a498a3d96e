"""What others have registered in prometheus_client: the process, the garbage collector, a user's own metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import prometheus_client
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric as Family


def write(
    registry: prometheus_client.CollectorRegistry, *, openmetrics: bool, taken: frozenset[str], more: Mapping[str, str]
) -> bytes:
    """All metrics of a registry with `more` labels, but those whose name is `taken`: a name is on a page once."""
    shown = _Shown(registry, taken, more)
    if openmetrics:
        page: bytes = generate_openmetrics(shown)  # type: ignore[no-untyped-call]
        return page.removesuffix(b"# EOF\n")
    return prometheus_client.generate_latest(shown)


class _Shown(prometheus_client.CollectorRegistry):
    """A registry without what is taken, and without `_created`, which doubles series for a time nobody queries."""

    def __init__(
        self, registry: prometheus_client.CollectorRegistry, taken: frozenset[str], more: Mapping[str, str]
    ) -> None:
        super().__init__()
        self._registry, self._taken, self._more = registry, taken, more

    def collect(self) -> Iterator[Family]:
        for family in self._registry.collect():
            if family.name not in self._taken:
                family.samples = [
                    sample._replace(labels={**sample.labels, **self._more})
                    for sample in family.samples
                    if not sample.name.endswith("_created")
                ]
                yield family
