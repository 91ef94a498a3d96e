"""ratio/floor: an alert on a share that may be a share of next to nothing."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.constants import constant, unscaled
from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.labels import selectors
from artisan.lint.metrics import unit_of
from artisan.lint.project import Project
from artisan.lint.promql import Aggregate, Binary, Call, Node, Selector, walk
from artisan.lint.promql.nodes import children
from artisan.lint.query import Query
from artisan.lint.shares import COMPARISONS
from artisan.lint.thresholds import compared
from artisan.lint.units import named, of_series

RULE = Rule("ratio/floor", Severity.ERROR, "an alert on a ratio asks for a number of events too")
_COUNTING = {"rate", "increase", "irate"}
_OF_SERIES = {"count", "group", "count_values"}
_Condition = tuple[Node, bool]
"""What has to hold beside a comparison, or (false) what must not."""
_Known = dict[tuple[str, bool], bool]
"""Whether a recorded series has a floor."""


def check(project: Project) -> Iterator[Finding]:
    """Each alert that compares a ratio of events with a number and does not ask there how many events there were."""
    for alert in project.alerts:
        for node, beside in _comparisons(alert.query.tree) if alert.query.tree is not None else ():
            bare = not _has_floor(project, node) and not any(_has_floor(project, *one) for one in beside)
            if bare and _is_of_ratio(project, node):
                what = "One failure in one request is 100 %: this ratio says nothing where next to nothing happens."
                todo = "Ask for a number of events as well: `and … increase(…) >= 3`."
                yield alert.query.finding(RULE, _place(alert.query, node), what, todo)
                break


def _comparisons(node: Node, beside: tuple[_Condition, ...] = ()) -> Iterator[tuple[Binary, tuple[_Condition, ...]]]:
    """The comparisons that make an alert ring, each with its conditions; another branch of an `or` is none."""
    if isinstance(node, Binary) and node.op in {"and", "unless"}:
        holds = node.op == "and"
        yield from _comparisons(node.left, (*beside, (node.right, holds)))
        if holds:
            yield from _comparisons(node.right, (*beside, (node.left, True)))
        return
    if isinstance(node, Binary) and node.op in COMPARISONS:
        yield node, beside
    for below in children(node):
        yield from _comparisons(below, beside)


def _is_of_ratio(project: Project, node: Binary) -> bool:
    """`bad / all > 0.05`, or the same without a division: `bad > 0.05 * all`."""
    left, right = constant(node.left), constant(node.right)
    if left is None and right is None:
        scaled = any(unscaled(side)[1] != 1 for side in (node.left, node.right))
        return scaled and _of_events(project, node)
    return any(_ratio(project, side) is not None for side in (node.left, node.right) if constant(side) is None)


def _place(query: Query, node: Binary) -> Node:
    """The number, where there is one; of a tree the outermost comparison comes first."""
    against_number = (constant(node.left) is None) != (constant(node.right) is None)
    return next(compared(query, node)).node if against_number else node


def _has_floor(project: Project, node: Node, holds: bool = True, known: _Known | None = None) -> bool:
    """Whether something asks a number of events to be above a number; without `holds`, forbids it to be below one."""
    known = {} if known is None else known
    match node:
        case Binary(op="and" | "or" as op):
            every = (op == "or") == holds
            sides = (_has_floor(project, side, holds, known) for side in (node.left, node.right))
            return all(sides) if every else any(sides)
        case Binary(op="unless"):
            return _has_floor(project, node.left, holds, known) or _has_floor(project, node.right, not holds, known)
        case Binary(op=op) if op in COMPARISONS and _is_floor(project, node, holds):
            return True
        case Selector():
            return _recorded_floor(project, node.name, holds, known)
    return any(_has_floor(project, below, holds, known) for below in children(node))


def _recorded_floor(project: Project, name: str, holds: bool, known: _Known) -> bool:
    """Each recording rule is read once, since many may rest on it; one that rests on itself has no floor there."""
    if (name, holds) not in known:
        known[name, holds] = False
        trees = [rule.query.tree for rule in project.recordings.get(name, ())]
        known[name, holds] = any(_has_floor(project, tree, holds, known) for tree in trees if tree is not None)
    return known[name, holds]


def _is_floor(project: Project, node: Binary, holds: bool) -> bool:
    left, right = constant(node.left), constant(node.right)
    operand, number = (node.left, right) if left is None else (node.right, left)
    above = {">", ">="} if (left is None) == holds else {"<", "<="}
    if number is None or number <= 0 or node.op not in above:
        return False
    return _ratio(project, operand) is None and _counts(project, operand)


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
    """Whether an operand is a number of events, as opposed to one of series."""
    series = isinstance(operand, Aggregate) and operand.name in _OF_SERIES
    return not series and any(
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
    if any(constant(side) is not None or not _counts(project, unscaled(side)[0]) for side in sides):
        return False
    # `bad / clamp_min(all, 100)` is small where little happens.
    if isinstance(node.right, Call) and node.right.name == "clamp_min":
        return False
    # Seconds and bytes flow in any number without traffic too, and seconds per event are a mean.
    return not any(_is_measured(project, selector) for side in sides for selector in selectors(side))


def _is_measured(project: Project, selector: Selector) -> bool:
    """Whether a series adds up seconds, bytes and the like instead of counting."""
    series = project.series(selector.name)
    if series is not None and selector.name not in project.recordings:
        found = of_series(series)
    else:
        found = named(unit_of(selector.name.removesuffix("_sum")) or "")
    return found is not None and bool(found.dimensions)
