"""rate/counter: rate() and its kin of what is no counter."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.constants import constant
from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.project import Project
from artisan.lint.promql import Aggregate, Binary, Call, Node, Selector, Subquery, walk
from artisan.lint.recorded import MAX_STEPS, recorded

RULE = Rule("rate/counter", Severity.ERROR, "rate(), irate() and increase() are taken of counters")
_FUNCTIONS = {"rate", "irate", "increase"}


def check(project: Project) -> Iterator[Finding]:
    """Each rate of a gauge: every fall of it would be taken for a restart from zero."""
    for query, tree in project.trees():
        for node in walk(tree):
            if not isinstance(node, Call) or node.name not in _FUNCTIONS:
                continue
            operand = node.arguments[0]
            whole = operand.operand if isinstance(operand, Subquery) else operand
            if not isinstance(whole, Selector):
                what = f"{node.name}() of a computed value sees restarts where a part of it has gone."
                yield query.finding(RULE, node, what, f"Take {node.name}() of each counter first, then aggregate.")
            elif trees := recorded(whole, project):
                if any(_is_computed(tree, project) for tree in trees):
                    what = f"`{whole.name}` is recorded from a computed value, and {node.name}() wants a counter."
                    yield query.finding(RULE, node, what, f"Take {node.name}() of the counter itself.")
            elif (series := project.series(whole.name)) and series.kind == "gauge":
                what = f"`{whole.name}` is a gauge, and {node.name}() takes each fall of it for a restart from zero."
                other = "delta()" if node.name == "increase" else "deriv()"
                yield query.finding(RULE, node, what, f"Use {other}, or a counter.")


def _is_computed(node: Node, project: Project, steps: int = 0) -> bool:
    """Whether a recorded expression is surely no counter: a rate, something aggregated, or a gauge."""
    match node:
        case Selector():
            trees = recorded(node, project) if steps < MAX_STEPS else []
            series = project.series(node.name)
            if trees:
                return any(_is_computed(tree, project, steps + 1) for tree in trees)
            return series is not None and series.kind == "gauge"
        case Call():
            return node.name in {*_FUNCTIONS, "histogram_quantile"}
        case Aggregate():
            return True
        case Binary(op="+" | "-" | "/"):
            return constant(node.left) is None and constant(node.right) is None
    return False
