"""`monitoring/slo.yml` as a Declaration; whoever makes a mistake in it is told where, and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from .declaration import MIN_BAD_EVENTS, Declaration, Slo
from .indicators import PLACEHOLDER, ErrorsOfTotal, GoodOfTotal, Indicator, latency
from .nodes import Entry, document
from .queries import fault, selector_fault
from .windows import LOWEST_OBJECTIVE, plain

Edges = Mapping[str, Sequence[float]]
"""The finite edges of each metric that is known; a metric without any is no histogram."""

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_KINDS = "events", "latency"
_NAME_OF_SLO = re.compile(r"\{\{ ?\$labels\.slo ?\}\}")
_DECIMALS = 10
"""Of an objective. More are no promise that anybody could keep, and in the end leave no budget to divide by."""


def read(text: str, file: str, edges: Edges | None = None) -> Declaration:
    """Read what is declared in `text`; `file` is what messages call it.

    With `edges` the thresholds of the metrics in it are checked. Raises DeclarationError with one sentence.
    """
    top = document(text, file).mapping(["runbook", "dashboard", "slos"])
    slos: dict[str, Slo] = {}
    for entry in top["slos"].sequence("a list of at least one objective"):
        slo, name = _slo(entry, edges or {})
        if slo.name in slos:
            raise name.refused("a name that no other objective has")
        slos[slo.name] = slo
    return Declaration(_address(top["runbook"]), _address(top["dashboard"]), tuple(slos.values()))


def _address(entry: Entry) -> str:
    """It becomes an annotation, which Prometheus reads as a template; a broken one would cost all rules of the file."""
    address = entry.text()
    if "{{" in _NAME_OF_SLO.sub("", address):
        raise entry.refused("an address, with {{ $labels.slo }} as the only template")
    return address


def _slo(entry: Entry, edges: Edges) -> tuple[Slo, Entry]:
    found = entry.mapping(["name", "description", "objective"], [*_KINDS, "min_bad_events"])
    name = found["name"].text()
    if not _NAME.fullmatch(name):
        raise found["name"].refused("lower-case letters, digits and single hyphens between them, such as api-latency")
    kinds = [kind for kind in _KINDS if kind in found]
    if len(kinds) != 1:
        raise entry.error(f"{entry.path} has {' and '.join(kinds) or 'neither'}; it must have one of events, latency")
    indicator = _events(found["events"]) if "events" in found else _latency(found["latency"], edges)
    floor = _min_bad_events(found["min_bad_events"]) if "min_bad_events" in found else MIN_BAD_EVENTS
    return Slo(name, found["description"].text(), _objective(found["objective"]), indicator, floor), found["name"]


def _objective(entry: Entry) -> Decimal:
    lowest = f"{LOWEST_OBJECTIVE:.2f}"
    wanted = f"a number of per cent above {lowest} and below 100"
    objective = entry.number(wanted)
    if not 0 < objective < 100:
        raise entry.refused(wanted)
    if objective != round(objective, _DECIMALS):
        raise entry.refused(f"a number of at most {_DECIMALS} decimals")
    if objective <= LOWEST_OBJECTIVE:
        raise entry.refused(f"above {lowest}, since below even a total outage burns too slowly for a fast burn alert")
    return objective


def _min_bad_events(entry: Entry) -> int:
    number = entry.number("a whole number of at least 1")
    if number < 1 or number != number.to_integral_value():
        raise entry.refused("a whole number of at least 1")
    return int(number)


def _events(entry: Entry) -> Indicator:
    found = entry.mapping(["total"], ["errors", "good"])
    if ("errors" in found) == ("good" in found):
        both = "both errors and good" if "good" in found else "neither errors nor good"
        raise entry.error(f"{entry.path} has {both}; it must have one of them")
    total = _query(found["total"])
    return (
        GoodOfTotal(_query(found["good"]), total) if "good" in found else ErrorsOfTotal(_query(found["errors"]), total)
    )


def _query(entry: Entry) -> str:
    query = entry.text(f"PromQL that counts events of a window, written as [{PLACEHOLDER}]")
    if wanted := fault(query):
        raise entry.refused(wanted)
    return query


def _latency(entry: Entry, edges: Edges) -> Indicator:
    found = entry.mapping(["metric", "threshold"], ["selector"])
    metric = found["metric"].text()
    if not _METRIC.fullmatch(metric):
        raise found["metric"].refused("the name of a histogram")
    selector = found["selector"].text("matchers of labels") if "selector" in found else ""
    if wanted := selector_fault(metric, selector):
        raise found["selector"].refused(wanted)
    return latency(metric, selector, _threshold(found["threshold"], found["metric"], metric, edges))


def _threshold(entry: Entry, metric_entry: Entry, metric: str, edges: Edges) -> Decimal:
    threshold = entry.number("a number of seconds above 0")
    if threshold <= 0:
        raise entry.refused("a number of seconds above 0")
    known = edges.get(metric)
    if known is None:
        return threshold
    if not known:
        raise metric_entry.refused("a histogram")
    if float(threshold) not in known:
        allowed = ", ".join(plain(Decimal(str(edge))) for edge in known)
        raise entry.refused(f"a finite edge of {metric}: {allowed}")
    return threshold
