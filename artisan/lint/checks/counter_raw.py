"""counter/raw: a counter that is compared as it stands."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.constants import constant
from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.project import Project
from artisan.lint.promql import Aggregate, Node, Selector
from artisan.lint.query import Kind
from artisan.lint.thresholds import compared

RULE = Rule("counter/raw", Severity.WARNING, "a counter is not compared by its total since the start")
_SUMMING = {"sum", "max", "min", "avg"}


def check(project: Project) -> Iterator[Finding]:
    """Each comparison of a counter's total with a number, in a rule: once true, it stays true until a restart."""
    for query, tree in project.trees():
        if query.kind is not Kind.ALERT:
            continue
        for threshold in compared(query, tree):
            selector = _total(threshold.operand)
            series = project.series(selector.name) if selector else None
            if selector and series and series.kind in {"counter", "bucket"} and constant(threshold.operand) is None:
                what = f"`{series.name}` counts since the program's start, and is compared as it stands."
                yield query.finding(RULE, selector, what, "Compare its increase() over a window.")


def _total(node: Node) -> Selector | None:
    if isinstance(node, Aggregate) and node.name in _SUMMING:
        return _total(node.operand)
    return node if isinstance(node, Selector) and node.window is None else None
