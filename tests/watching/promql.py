"""What a PromQL expression asks for, as far as our own rules and dashboards use the language."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .backend_with_traffic import DECLARED

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_RANGE = re.compile(r"\[[^\]]*\]")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}")
_MATCHER = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
_NAME = re.compile(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?![\w:])(?!\s*\()")
_WORDS = frozenset({"and", "or", "unless", "bool", "offset"})
# Labels that Prometheus gives to every series that it scrapes.
_TARGET = frozenset({"job", "instance"})


@dataclass(frozen=True)
class Reading:
    """The metrics of an expression with the labels that each is selected by, and the labels that it groups by."""

    selected: dict[str, frozenset[str]]
    grouped: frozenset[str]


def read(expression: str) -> Reading:
    """Read an expression that promtool has accepted."""
    rest = _RANGE.sub("", _STRING.sub('""', expression))
    grouped = {label.strip() for labels in _GROUPING.findall(rest) for label in labels.split(",") if label.strip()}
    rest = _GROUPING.sub("", rest)
    selected: dict[str, frozenset[str]] = {}
    for name, matchers in _SELECTOR.findall(rest):
        selected[name] = selected.get(name, frozenset()) | frozenset(_MATCHER.findall(matchers))
    for name in _NAME.findall(_SELECTOR.sub("", rest)):
        if name not in _WORDS:
            selected.setdefault(name, frozenset())
    return Reading(selected, frozenset(grouped))


def known_series() -> dict[str, frozenset[str]]:
    """Every series that a query may ask for, with its labels: what the catalogue declares and what Prometheus adds."""
    series = {"up": _TARGET, "ALERTS": _TARGET | {"alertname", "alertstate", "severity"}}
    for metric in DECLARED:
        labels = _TARGET | frozenset(metric.labels)
        if metric.type == "histogram":
            series[f"{metric.name}_bucket"] = labels | {"le"}
            series |= {f"{metric.name}_sum": labels, f"{metric.name}_count": labels}
        else:
            series[metric.name] = labels
    return series


def unknown(expression: str) -> list[str]:
    """What an expression asks for that nobody exposes, in words; empty when all is well."""
    series, reading = known_series(), read(expression)
    complaints = [f"no series {name}" for name in reading.selected if name not in series]
    for name, labels in reading.selected.items():
        complaints += [f"{name} has no label {label}" for label in labels - series.get(name, labels)]
    offered = frozenset[str]().union(*(series.get(name, frozenset()) for name in reading.selected))
    return complaints + [f"nothing to group by {label}" for label in reading.grouped - offered]
