"""ratio/floor: an alert on a share that may be a share of next to nothing."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.constants import constant
from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.labels import selectors
from artisan.lint.metrics import unit_of
from artisan.lint.project import Project
from artisan.lint.promql import Binary, Call, Node, Selector, walk
from artisan.lint.query import Query
from artisan.lint.thresholds import compared
from artisan.lint.units import of_series

RULE = Rule("ratio/floor", Severity.ERROR, "an alert on a ratio asks for a number of events too")
_COUNTING = {"rate", "increase", "irate"}


def check(project: Project) -> Iterator[Finding]:
    """Each alert that compares a ratio of events with a number and nowhere asks how many events there were."""
    for alert in project.alerts:
        tree = alert.query.tree
        if tree is None or _has_floor(project, alert.query, tree):
            continue
        for threshold in compared(alert.query, tree):
            if _ratio(project, threshold.operand) is not None:
                what = "One failure in one request is 100 %: this ratio says nothing where next to nothing happens."
                todo = "Ask for a number of events as well: `and … increase(…) >= 3`."
                yield threshold.finding(RULE, what, todo)
                break


def _has_floor(project: Project, query: Query, tree: Node) -> bool:
    """Whether some comparison asks a number of events to be above a number."""
    for part in _expanded(project, tree):
        for threshold in compared(query, part):
            floor = threshold.op in {">", ">="} and threshold.value > 0
            if floor and _ratio(project, threshold.operand) is None and _counts(project, threshold.operand):
                return True
    return False


def _expanded(project: Project, tree: Node) -> Iterator[Node]:
    """An expression, and those of the recording rules that it rests on."""
    waiting, seen = [tree], set[str]()
    while waiting:
        part = waiting.pop()
        yield part
        for selector in selectors(part):
            if selector.name not in seen:
                seen.add(selector.name)
                rules = project.recordings.get(selector.name, ())
                waiting += [rule.query.tree for rule in rules if rule.query.tree is not None]


def _counts(project: Project, operand: Node) -> bool:
    return any(
        isinstance(node, Call) and node.name in _COUNTING for part in _expanded(project, operand) for node in walk(part)
    )


def _ratio(project: Project, operand: Node) -> Binary | None:
    """The division of events by events that an operand is, or rests on through recording rules."""
    for part in _expanded(project, operand):
        for node in walk(part):
            if isinstance(node, Call) and node.name == "histogram_quantile":
                return None
            if isinstance(node, Binary) and node.op == "/" and _of_events(project, node):
                return node
    return None


def _of_events(project: Project, node: Binary) -> bool:
    sides = (node.left, node.right)
    if any(constant(side) is not None or not _counts(project, side) for side in sides):
        return False
    # Seconds of seconds flow without traffic too.
    if any(_is_time(project, selector) for side in sides for selector in selectors(side)):
        return False
    # A sum by a count is a mean, not a share.
    sums, counts = ([selector.name for selector in selectors(side)] for side in sides)
    return not (any(name.endswith("_sum") for name in sums) and any(name.endswith("_count") for name in counts))


def _is_time(project: Project, selector: Selector) -> bool:
    series = project.series(selector.name)
    if series is not None and selector.name not in project.recordings:
        found = of_series(series)
        return found is not None and ("seconds", 1) in found.dimensions
    return unit_of(selector.name.removesuffix("_sum")) in {"seconds", "milliseconds", "microseconds", "nanoseconds"}
