"""A description of metrics from a page that a program exposes: Prometheus' text format or OpenMetrics.

The page is the whole truth: what is not on it does not exist. So let the program do each of its things once before the
page is taken.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from .documents import Broken, Unreadable, read
from .metrics import Metric, unit_of
from .metrics_fetch import fetch

__all__ = ["from_page", "read_page"]
_OPENMETRICS: Any = parse_openmetrics  # neither has types
_TEXT: Any = parse_text
_COUNTER = re.compile(r"(?m)^(#[ \t]+TYPE[ \t]+(\S+)[ \t]+)counter[ \t\r]*$")
_UNITS = {"seconds": "seconds", "bytes": "bytes", "usd": "USD"}


def read_page(where: str) -> list[Metric]:
    """The families of a page at a URL or in a file; raises Unreadable with one sentence."""
    text = fetch(where) if where.startswith(("http://", "https://")) else _from_file(where)
    if "<html" in text[:1000].lower() or "<!doctype" in text[:1000].lower():
        raise Unreadable(f"{where} is a web page (HTML), not a page of metrics: add the path, such as /metrics")
    try:
        families = from_page(text)
    except (ValueError, KeyError, IndexError) as error:
        reason = " ".join(str(error).split())
        raise Unreadable(f"{where} is no page of metrics ({reason}): give what Prometheus scrapes") from error
    if not families:
        raise Unreadable(f"{where} has no metric on it: look whether the program has started, and at the path")
    return families


def _from_file(where: str) -> str:
    try:
        return read(Path(where), where).content
    except Broken as error:
        reason = error.what[0].lower() + error.what[1:].rstrip(".")
        raise Unreadable(f"{where} is no page of metrics ({reason})") from error


def from_page(text: str) -> list[Metric]:
    """The families of a page; raises ValueError when it is none."""
    text = text if text.endswith("\n") else f"{text}\n"
    if text.rstrip().endswith("# EOF"):
        families, counters = [*_OPENMETRICS(text)], set[str]()
    else:
        # The parser would give each counter the `_total` that OpenMetrics asks for; a gauge keeps its name.
        counters = {found[2].strip('"') for found in _COUNTER.finditer(text)}
        families = [*_TEXT(_COUNTER.sub(r"\1gauge", text))]
    told = [family for family in families if family.samples or family.documentation]
    return [metric for family in told for metric in (_metric(family, counters), *_beside(family))]


def _metric(family: Any, counters: set[str]) -> Metric:
    """A family; `counters` are the names of those that the text format calls so."""
    name, type_ = family.name, family.type
    samples = [sample for sample in family.samples if sample.name != f"{name}_created"]
    if name in counters:
        type_ = "counter"
    elif type_ == "counter":
        name = f"{name}_total"
    elif type_ == "info":
        name = f"{name}_info"
    spelt = {float(s.labels["le"]): s.labels["le"] for s in samples if s.name.endswith("_bucket") and "le" in s.labels}
    edges = tuple(sorted(edge for edge in spelt if math.isfinite(edge)))
    unit = _UNITS.get(family.unit.lower()) or unit_of(name)
    spellings = {edge: spelt[edge] for edge in edges}
    # A family without a sample is there, but what labels it will have cannot be seen.
    return Metric(name, type_, _labels(samples), unit, edges, spellings, open=not samples)


def _beside(family: Any) -> Iterator[Metric]:
    """What OpenMetrics puts into a family, and Prometheus keeps as series of their own: when each one began."""
    began = [sample for sample in family.samples if sample.name == f"{family.name}_created"]
    if began:
        yield Metric(f"{family.name}_created", "gauge", _labels(began), "seconds")


def _labels(samples: Iterable[Any]) -> dict[str, frozenset[str] | None]:
    """Each label with the values that stand on the page; `le` belongs to the edges."""
    values: dict[str, set[str]] = {}
    for sample in samples:
        for label, value in sample.labels.items():
            if label != "le":
                values.setdefault(label, set()).add(value)
    return {label: frozenset(found) for label, found in values.items()}
