"""alert/deaf: an alert above what its metric can ever reach."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.config import Ceiling
from artisan.lint.finding import Finding, Rule, Severity, at
from artisan.lint.labels import selectors
from artisan.lint.metrics import closest
from artisan.lint.origin import Origin, origin
from artisan.lint.project import Project
from artisan.lint.promql import Selector
from artisan.lint.recorded import expanded
from artisan.lint.sources.objectives import Latency
from artisan.lint.text import Text
from artisan.lint.thresholds import compared

RULE = Rule("alert/deaf", Severity.ERROR, "deadlines and limits of the service do not make an alert deaf")


def check(project: Project) -> Iterator[Finding]:
    """Each alert, and each latency objective, whose threshold a metric cannot pass because of its ceiling."""
    yield from _unknown(project)
    ceilings: dict[str, list[Ceiling]] = {}
    for ceiling in project.ceilings:
        ceilings.setdefault(ceiling.metric, []).append(ceiling)
    for alert in project.alerts:
        for threshold in compared(alert.query, alert.query.tree) if alert.query.tree is not None else ():
            found = origin(threshold.operand, threshold.value, project)
            if found is None or not found.whole or threshold.op not in {">", ">="}:
                continue
            for ceiling in ceilings.get(_metric(found, project), ()):
                if found.value * ceiling.margin > ceiling.value or _touches(found.value, ceiling):
                    yield threshold.finding(RULE, _what(ceiling, found.value), _todo(ceiling))
    for objectives in project.objectives:
        for latency in objectives.latencies:
            yield from _objective(latency, ceilings.get(latency.metric, []))


def _unknown(project: Project) -> Iterator[Finding]:
    """Ceilings in the settings of what does not exist, which would keep watch over nothing."""
    if project.metrics is None:
        return
    known = {*(family.name for family in project.metrics.families), *project.names()}
    for ceiling in project.ceilings:
        if isinstance(ceiling.metric, Text) and ceiling.metric not in known:
            meant = closest(ceiling.metric, known)
            todo = f"Did you mean `{meant}`?" if meant else "Correct its name, or take the ceiling away."
            yield at(RULE, ceiling.metric, f"There is no metric `{ceiling.metric}` to have a ceiling.", todo)


def _metric(found: Origin, project: Project) -> str:
    """The metric whose value is compared, or of whose observations a quantile is; nothing if there are several."""
    if isinstance(found.node, Selector):
        return found.node.name
    names = {selector.name.removesuffix("_bucket") for selector in selectors(expanded(found.node, project))}
    return names.pop() if len(names) == 1 else ""


def _touches(value: float, ceiling: Ceiling) -> bool:
    """Whether the ceiling itself is the threshold: it is reached at most, not passed."""
    return ceiling.margin == 1 and value == ceiling.value


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
