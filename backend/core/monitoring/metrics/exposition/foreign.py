"""What others have registered in prometheus_client: the process, the garbage collector, a user's own metrics.

Their numbers are of one process and cannot be added up by us, who do not know what they mean. So where there are
several workers each leaves a note of its own for the others to show, and a label `pid` says whose a series is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import orjson
import prometheus_client
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics


def families(registry: prometheus_client.CollectorRegistry, taken: Collection[str], pid: str = "") -> list[Metric]:
    """All metrics of a registry but those whose name is `taken`: a name is on a page once.

    Without `_created`, which doubles series for a time that nobody queries.
    """
    more = {"pid": pid} if pid else {}
    found = []
    for family in registry.collect():
        if family.name not in taken:
            # A copy: some collectors give the same object each time, and it would grow with every page.
            copy = Metric(family.name, family.documentation, family.type, family.unit)
            copy.samples = [
                sample._replace(labels={**sample.labels, **more})
                for sample in family.samples
                if not sample.name.endswith("_created")
            ]
            found.append(copy)
    return found


def write(shown: Iterable[Metric], *, openmetrics: bool) -> bytes:
    """Their exposition; families of one name, from several workers, become one."""
    joined: dict[str, Metric] = {}
    for family in shown:
        joined.setdefault(family.name, family)
        if joined[family.name] is not family:
            joined[family.name].samples += family.samples
    registry = _Fixed(joined.values())
    if openmetrics:
        page: bytes = generate_openmetrics(registry)  # type: ignore[no-untyped-call]
        return page.removesuffix(b"# EOF\n")
    return prometheus_client.generate_latest(registry)


def note(shown: Iterable[Metric]) -> bytes:
    """Families as JSON that `read_note` understands; values as text, since JSON has no infinity."""
    return orjson.dumps(
        [
            [family.name, family.documentation, family.type, family.unit, [_plain(sample) for sample in family.samples]]
            for family in shown
        ]
    )


def read_note(text: bytes) -> Iterator[Metric]:
    """The families of a note; raises ValueError when it is none."""
    try:
        for name, documentation, kind, unit, samples in orjson.loads(text):
            family = Metric(name, documentation, kind, unit)
            for sample, labels, value in samples:
                family.add_sample(sample, labels, float(value))
            yield family
    except (TypeError, AttributeError) as error:
        raise ValueError(f"not a note of metrics: {error}") from error


def _plain(sample: Any) -> list[object]:
    return [sample.name, sample.labels, repr(float(sample.value))]


class _Fixed(prometheus_client.CollectorRegistry):
    """Metrics that were collected before."""

    def __init__(self, shown: Iterable[Metric]) -> None:
        super().__init__()
        self._shown = list(shown)

    def collect(self) -> Iterator[Metric]:
        return iter(self._shown)
