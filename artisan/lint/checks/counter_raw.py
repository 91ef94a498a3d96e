"""counter/raw: a counter that is compared as it stands."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.metrics import Series
from artisan.lint.project import Project
from artisan.lint.promql import Aggregate, Node, Selector, walk
from artisan.lint.query import Kind
from artisan.lint.recorded import MAX_STEPS, recorded
from artisan.lint.thresholds import compared

RULE = Rule("counter/raw", Severity.WARNING, "a counter is not compared by its total since the start")
_SUMMING = {"sum", "max", "min", "avg"}


def check(project: Project) -> Iterator[Finding]:
    """Each comparison of a counter's total with a number, in a rule: once true, it stays true until a restart."""
    for query, tree in project.trees():
        if query.kind is not Kind.ALERT:
            continue
        for threshold in compared(query, tree):
            series = _total(threshold.operand, project)
            if series and series.kind in {"counter", "bucket"}:
                place = next(node for node in walk(threshold.operand) if isinstance(node, Selector))
                what = f"`{series.name}` counts since the program's start, and is compared as it stands."
                yield query.finding(RULE, place, what, "Compare its increase() over a window.")


def _total(node: Node, project: Project, steps: int = 0) -> Series | None:
    """The series whose value is compared, alone or summed up, as it stands or recorded."""
    if isinstance(node, Aggregate) and node.name in _SUMMING:
        return _total(node.operand, project, steps)
    if not isinstance(node, Selector) or node.window is not None or steps > MAX_STEPS:
        return None
    trees = recorded(node, project)
    return _total(trees[0], project, steps + 1) if len(trees) == 1 else project.series(node.name)
