"""A page of metrics, and the sign that a fault leaves there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from prometheus_client.parser import text_string_to_metric_families


class Page(StrEnum):
    """Whose page; the value is the part's name."""

    BACKEND = "backend"
    PROMETHEUS = "prometheus"
    ALERTMANAGER = "alertmanager"


@dataclass(frozen=True)
class Sign:
    """A series that tells of the fault, by rising, by rising above a value or by having a value."""

    metric: str
    labels: Mapping[str, str] = field(default_factory=dict)
    rises_by: float | None = None
    above: float | None = None
    equals: float | None = None
    page: Page = Page.BACKEND

    def shows(self, before: float | None, now: float | None) -> bool:
        """Whether a value says that the fault is there; `before` is that of healthier times, None is no value."""
        if now is None:
            return False
        if self.rises_by is not None:
            return now - (before or 0.0) >= self.rises_by
        return now > self.above if self.above is not None else now == self.equals

    @property
    def selector(self) -> str:
        """The series in PromQL."""
        matchers = ", ".join(f'{name}="{value}"' for name, value in self.labels.items())
        return f"{self.metric}{{{matchers}}}" if matchers else self.metric

    def __str__(self) -> str:
        if self.rises_by is not None:
            return f"{self.selector} rises"
        return f"{self.selector} {f'> {self.above:g}' if self.above is not None else f'= {self.equals:g}'}"


GONE = Sign("up", {"job": "artisan-backend"}, equals=0)
"""The backend has no page at all: then only Prometheus can tell."""


def total(text: str, sign: Sign) -> float | None:
    """The sum of a sign's series on a page in the text format; None when there are none."""
    lines = [line for line in text.splitlines() if line.startswith((f"{sign.metric}{{", f"{sign.metric} "))]
    families = text_string_to_metric_families("\n".join([*lines, ""]))
    wanted = sign.labels.items()
    values = [sample.value for family in families for sample in family.samples if sample.labels.items() >= wanted]
    return sum(values) if values else None
