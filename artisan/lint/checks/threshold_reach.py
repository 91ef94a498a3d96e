"""threshold/reach: a comparison that can never hold."""

from __future__ import annotations

import math
from collections.abc import Iterator

from artisan.lint.bounds import Bounds, bounds
from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.origin import quantile_of
from artisan.lint.project import Project
from artisan.lint.thresholds import Threshold, thresholds

RULE = Rule("threshold/reach", Severity.ERROR, "a threshold can be reached")


def check(project: Project) -> Iterator[Finding]:
    """Each threshold that lies beyond all values that its operand can have; a panel's, if no query of it can."""
    for threshold in thresholds(project):
        within = bounds(threshold.operand, project)
        if not _holds_never(threshold.op, threshold.value, within) or _reached_by_another(project, threshold):
            continue
        if quantile_of(threshold.operand, threshold.value, project) and threshold.value >= within.high:
            what = f"A quantile is never above its histogram's last finite edge, {within.high:g}."
            todo = "Take an edge with another one above it, or give the histogram more edges."
        else:
            what = f"This never holds: the value {_words(within)}, and the threshold is {threshold.value:g}."
            todo = "Correct the threshold; look at its unit."
        yield threshold.finding(RULE, what, todo)


def _holds_never(op: str, value: float, within: Bounds) -> bool:
    match op:
        case ">":
            return value >= within.high
        case ">=":
            return value > within.high
        case "<":
            return value <= within.low
        case "<=":
            return value < within.low
        case "==":
            return not within.low <= value <= within.high
    return False


def _reached_by_another(project: Project, threshold: Threshold) -> bool:
    if threshold.panel is None:
        return False
    # A colour that begins at the lowest value, or below it, is simply the first one.
    if threshold.value <= bounds(threshold.operand, project).low:
        return True
    trees = [query.tree for query in threshold.panel.queries if query.tree is not None]
    return any(not _holds_never(threshold.op, threshold.value, bounds(tree, project)) for tree in trees)


def _words(within: Bounds) -> str:
    if math.isinf(within.high):
        return f"is never below {within.low:g}"
    if math.isinf(within.low):
        return f"is never above {within.high:g}"
    return f"is always {within.low:g}" if within.low == within.high else f"lies from {within.low:g} to {within.high:g}"
