"""rate/counter: rate() and its kin of what is no counter."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.project import Project
from artisan.lint.promql import Call, Selector, Subquery, walk

RULE = Rule("rate/counter", Severity.ERROR, "rate(), irate() and increase() are taken of counters")
_FUNCTIONS = {"rate", "irate", "increase"}


def check(project: Project) -> Iterator[Finding]:
    """Each rate of a gauge: every fall of it would be taken for a restart from zero."""
    for query, tree in project.trees():
        for node in walk(tree):
            if not isinstance(node, Call) or node.name not in _FUNCTIONS:
                continue
            operand = node.arguments[0]
            if isinstance(operand, Selector) and (series := project.series(operand.name)) and series.kind == "gauge":
                what = f"`{operand.name}` is a gauge, and {node.name}() takes each fall of it for a restart from zero."
                other = "delta()" if node.name == "increase" else "deriv()"
                yield query.finding(RULE, node, what, f"Use {other}, or a counter.")
            elif isinstance(operand, Subquery) and not isinstance(operand.operand, Selector):
                what = f"{node.name}() of a computed value sees restarts where a part of it has gone."
                yield query.finding(RULE, node, what, f"Take {node.name}() of each counter first, then aggregate.")
