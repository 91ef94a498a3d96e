"""delta/counter: delta() and its kin of a counter."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.project import Project
from artisan.lint.promql import Call, Selector, walk

RULE = Rule("delta/counter", Severity.ERROR, "delta(), idelta(), deriv() and predict_linear() are taken of gauges")
_INSTEAD = {"delta": "increase()", "idelta": "increase()", "deriv": "rate()", "predict_linear": "rate()"}


def check(project: Project) -> Iterator[Finding]:
    """Each of these over a counter: a restart would show as a steep fall."""
    for query, tree in project.trees():
        for node in walk(tree):
            if isinstance(node, Call) and node.name in _INSTEAD and isinstance(node.arguments[0], Selector):
                series = project.series(node.arguments[0].name)
                if series and series.kind in {"counter", "bucket"}:
                    what = f"`{series.name}` is a counter, and {node.name}() shows its restarts as falls."
                    yield query.finding(RULE, node, what, f"Use {_INSTEAD[node.name]}.")
