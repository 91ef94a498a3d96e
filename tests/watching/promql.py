"""What a PromQL expression asks for, and whether anybody exposes it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import yaml
from promql_parser import AggregateExpr, BinaryExpr, Expr, VectorSelector, parse, walk

from .backend_with_traffic import DECLARED
from .conftest import ROOT

# Labels that Prometheus gives to every series that it scrapes.
_TARGET = frozenset({"job", "instance"})
# What Prometheus and Alertmanager tell of themselves, as far as we ask, with the labels that we ask for. Whether they
# really do is seen by running them.
_WATCHERS: dict[str, set[str]] = {
    "prometheus_notifications_alertmanagers_discovered": set(),
    "prometheus_notifications_dropped_total": set(),
    "prometheus_notifications_errors_total": {"alertmanager"},
    "prometheus_notifications_queue_capacity": set(),
    "prometheus_notifications_queue_length": set(),
    "prometheus_notifications_sent_total": {"alertmanager"},
    "prometheus_rule_evaluation_failures_total": {"rule_group"},
    "prometheus_rule_group_iterations_missed_total": {"rule_group"},
    "prometheus_rule_group_last_duration_seconds": {"rule_group"},
    "prometheus_tsdb_head_series": set(),
    "alertmanager_alerts": {"state"},
    "alertmanager_notifications_failed_total": {"integration"},
    "alertmanager_notifications_total": {"integration"},
}


@dataclass(frozen=True)
class Reading:
    """The metrics of an expression with the labels that each is selected by, and the labels that it groups by."""

    selected: dict[str, frozenset[str]]
    grouped: frozenset[str]


def read(expression: str) -> Reading:
    """Read an expression; raises ValueError when it is none."""
    selected: dict[str, frozenset[str]] = {}
    grouped: set[str] = set()

    def visit(node: Expr) -> bool:
        match node:
            case VectorSelector():
                labels = frozenset(matcher.name for matcher in node.matchers.matchers)
                selected[str(node.name)] = selected.get(str(node.name), frozenset()) | labels
            case AggregateExpr() if node.modifier:
                grouped.update(node.modifier.labels)
            case BinaryExpr() if node.modifier and node.modifier.matching:
                grouped.update(node.modifier.matching.labels, node.modifier.group_labels or ())
        return True

    walk(parse(expression), visit)
    return Reading(selected, frozenset(grouped))


@cache
def known_series() -> dict[str, frozenset[str]]:
    """Every series that a query may ask for, with its labels: of the catalogue, of Prometheus, of recording rules."""
    series = dict.fromkeys(("up", "scrape_duration_seconds", "scrape_samples_scraped"), _TARGET)
    series |= {name: _TARGET | labels for name, labels in _WATCHERS.items()}
    for metric in DECLARED:
        labels = _TARGET | frozenset(metric.labels)
        if metric.type == "histogram":
            series[f"{metric.name}_bucket"] = labels | {"le"}
            series |= {f"{metric.name}_sum": labels, f"{metric.name}_count": labels}
        else:
            series[metric.name] = labels
    series |= {name: frozenset({"slo"}) for name in _recorded() if name.startswith("slo:")}
    alert = frozenset({"alertname", "severity", "alertstate"}).union(*series.values())
    return series | {"ALERTS": alert, "ALERTS_FOR_STATE": alert}


def unknown(expression: str) -> list[str]:
    """What an expression asks for that nobody exposes, in words; empty when all is well."""
    series, reading = known_series(), read(expression)
    complaints = [f"no series {name}" for name in reading.selected if name not in series]
    for name, labels in reading.selected.items():
        complaints += [f"{name} has no label {label}" for label in labels - series.get(name, labels)]
    offered = frozenset[str]().union(*(series.get(name, frozenset()) for name in reading.selected))
    return complaints + [f"nothing to group by {label}" for label in reading.grouped - offered]


def _recorded() -> set[str]:
    files = [yaml.safe_load(path.read_text()) for path in (ROOT / "monitoring/rules").glob("*.yml")]
    return {rule["record"] for file in files for group in file["groups"] for rule in group["rules"]}
