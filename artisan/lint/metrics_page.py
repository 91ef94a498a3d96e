"""A description of metrics from a page that a program exposes: Prometheus' text format or OpenMetrics.

The page is the whole truth: what is not on it does not exist. So let the program do each of its things once before the
page is taken.
"""

from __future__ import annotations

import math
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from .documents import MAX_BYTES, Broken, Unreadable, read
from .metrics import Metric, unit_of

__all__ = ["from_page", "read_page"]
_SECONDS = 10.0
_ACCEPT = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


def read_page(where: str) -> list[Metric]:
    """The families of a page at a URL or in a file; raises Unreadable with one sentence."""
    text = _fetch(where) if where.startswith(("http://", "https://")) else _from_file(where)
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


def _fetch(url: str) -> str:
    # A proxy of the environment could not reach loopback, and a metrics page is close by.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, headers={"Accept": _ACCEPT})  # noqa: S310 - http or https alone
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            raw: bytes = answer.read(MAX_BYTES + 1)
    except urllib.error.HTTPError as error:
        raise Unreadable(
            f"{url} answers {error.code} {error.reason}: look at the path and at what it asks for"
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise Unreadable(
            f"{url} cannot be reached ({reason}): start the program, or give a file with its page"
        ) from error
    if len(raw) > MAX_BYTES:
        raise Unreadable(f"{url} answers more than {MAX_BYTES / 2**20:.0f} MiB: save a page of one instance to a file")
    return raw.decode("utf-8", errors="replace")


def from_page(text: str) -> list[Metric]:
    """The families of a page; raises ValueError when it is none."""
    is_openmetrics = text.rstrip().endswith("# EOF")
    parse: Any = parse_openmetrics if is_openmetrics else parse_text
    families = parse(text if text.endswith("\n") else f"{text}\n")
    return [_metric(family) for family in families if family.samples or family.documentation]


def _metric(family: Any) -> Metric:
    name, type_ = family.name, family.type
    if type_ == "counter" and not any(sample.name == name for sample in family.samples):
        name = f"{name}_total"
    elif type_ == "info":
        name = f"{name}_info"
    samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
    spelt = {float(s.labels["le"]): s.labels["le"] for s in samples if s.name.endswith("_bucket") and "le" in s.labels}
    edges = tuple(sorted(edge for edge in spelt if math.isfinite(edge)))
    unit = {"seconds": "seconds", "bytes": "bytes", "usd": "USD"}.get(family.unit.lower()) or unit_of(name)
    kind = "histogram" if type_ in {"histogram", "gaugehistogram"} else type_
    spellings = {edge: spelt[edge] for edge in edges}
    # A family without a sample is there, but what labels it will have cannot be seen.
    return Metric(name, kind, _labels(samples), unit, edges, spellings, open=not samples)


def _labels(samples: Iterable[Any]) -> dict[str, frozenset[str] | None]:
    """Each label with the values that stand on the page; `le` belongs to the edges."""
    values: dict[str, set[str]] = {}
    for sample in samples:
        for label, value in sample.labels.items():
            if label != "le":
                values.setdefault(label, set()).add(value)
    return {label: frozenset(found) for label, found in values.items()}
