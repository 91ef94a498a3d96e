"""alert/deaf: an alert above what its metric can ever reach."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.config import Ceiling
from artisan.lint.constants import unscaled
from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.labels import selectors
from artisan.lint.project import Project
from artisan.lint.promql import Aggregate, Binary, Call, Node, Selector
from artisan.lint.shares import COMPARISONS
from artisan.lint.sources.objectives import Latency
from artisan.lint.thresholds import Threshold, compared, quantile_in

RULE = Rule("alert/deaf", Severity.ERROR, "deadlines and limits of the service do not make an alert deaf")
_KEEPING = {"max_over_time", "min_over_time", "avg_over_time", "last_over_time", "quantile_over_time"}


def check(project: Project) -> Iterator[Finding]:
    """Each alert, and each latency objective, whose threshold a metric cannot pass because of its ceiling."""
    ceilings: dict[str, list[Ceiling]] = {}
    for ceiling in project.ceilings:
        ceilings.setdefault(ceiling.metric, []).append(ceiling)
    for alert in project.alerts:
        for threshold in compared(alert.query, alert.query.tree) if alert.query.tree is not None else ():
            found = _value_of(threshold)
            if found is None or threshold.op not in {">", ">="}:
                continue
            metric, factor = found
            for ceiling in ceilings.get(metric, ()):
                if threshold.value / factor * ceiling.margin > ceiling.value or _touches(threshold, factor, ceiling):
                    yield threshold.finding(RULE, _what(ceiling, threshold.value / factor), _todo(ceiling))
    for objectives in project.objectives:
        for latency in objectives.latencies:
            yield from _objective(latency, ceilings.get(latency.metric, []))


def _value_of(threshold: Threshold) -> tuple[str, float] | None:
    """The metric whose value is compared, or of whose observations a quantile is, and its factor."""
    if (found := quantile_in(threshold.operand)) is not None:
        names = {selector.name.removesuffix("_bucket") for selector in selectors(found[0])}
        return (names.pop(), found[1]) if len(names) == 1 else None
    node, factor = unscaled(threshold.operand)
    selector = _plain(node)
    return (selector.name, factor) if selector else None


def _plain(node: Node) -> Selector | None:
    """The gauge whose value an expression passes on."""
    match node:
        case Selector():
            return node
        case Aggregate(name="max" | "min" | "avg"):
            return _plain(node.operand)
        case Call(name=name) if name in _KEEPING:
            return _plain(node.arguments[-1])
        case Binary(op=op) if op in {"and", "unless"} or (op in COMPARISONS and not node.returns_bool):
            return _plain(node.left)
    return None


def _touches(threshold: Threshold, factor: float, ceiling: Ceiling) -> bool:
    """Whether the ceiling itself is the threshold: it is reached at most, not passed."""
    return ceiling.margin == 1 and threshold.value / factor == ceiling.value


def _what(ceiling: Ceiling, threshold: float) -> str:
    margin = f", and {ceiling.margin:g} times the threshold must fit below" if ceiling.margin != 1 else ""
    return f"`{ceiling.metric}` never exceeds {ceiling.value:g} ({ceiling.because}){margin}: {threshold:g} is too high."


def _todo(ceiling: Ceiling) -> str:
    return "Raise that limit, or lower the threshold; as it is, the alert cannot ring in time."


def _objective(latency: Latency, ceilings: list[Ceiling]) -> Iterator[Finding]:
    for ceiling in ceilings:
        try:
            value = float(latency.threshold)
        except ValueError:
            return  # threshold/edge speaks of it
        if value >= ceiling.value:
            yield latency.query.finding_at(RULE, latency.threshold, _what(ceiling, value), _todo(ceiling))
