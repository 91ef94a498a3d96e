"""histogram/le: histogram_quantile over something that is no rate of buckets by `le`."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.labels import selectors
from artisan.lint.project import Project
from artisan.lint.promql import Call, Node, Selector, walk
from artisan.lint.query import Query

RULE = Rule("histogram/le", Severity.ERROR, "histogram_quantile() gets rates of buckets, by le")
_WINDOWED = {"rate", "increase", "irate", "delta", "sum_over_time", "avg_over_time"}


def check(project: Project) -> Iterator[Finding]:
    """Each histogram_quantile() whose operand has lost `le`, is no histogram, or counts since the program's start."""
    for query, tree in project.trees():
        for node in walk(tree):
            if isinstance(node, Call) and node.name == "histogram_quantile":
                yield from _operand(project, query, node, node.arguments[1])


def _operand(project: Project, query: Query, call: Call, operand: Node) -> Iterator[Finding]:
    below = selectors(operand)
    named = [selector for selector in below if selector.name]
    # Without a `_bucket` anywhere this may be a native histogram, or a recorded one.
    if not named or not any(selector.name.endswith("_bucket") for selector in named):
        yield from (_no_buckets(query, selector) for selector in named if _has_no_buckets(project, selector))
        return
    if not project.labels(operand).has("le"):
        what = "The buckets have lost their label `le`, so there is nothing to take a quantile of."
        yield query.finding(RULE, call, what, "Keep it: `sum by (le, …) (rate(…_bucket[…]))`.")
    if not any(isinstance(part, Call) and part.name in _WINDOWED for part in walk(operand)):
        what = "This is the quantile of everything since the program's start, which hardly moves any more."
        yield query.finding(RULE, named[0], what, "Take rate(…[…]) of the buckets first.")


def _has_no_buckets(project: Project, selector: Selector) -> bool:
    series = project.series(selector.name)
    return series is not None and selector.name not in project.recordings and series.kind != "unknown"


def _no_buckets(query: Query, selector: Selector) -> Finding:
    what = f"`{selector.name}` has no buckets, so no quantile can be taken of it."
    return query.finding(RULE, selector, what, "Take the `_bucket` series of a histogram.")
