"""Between which numbers the values of an expression must lie, whatever happens."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .constants import constant
from .labels import selectors
from .metrics import Series
from .project import Project
from .promql import Aggregate, Binary, Call, Node, Selector, Subquery, Unary
from .recorded import MAX_STEPS, expanded, recorded
from .shares import COMPARISONS, part_of

_KEEPING = {
    *("max_over_time", "min_over_time", "avg_over_time", "last_over_time", "first_over_time", "quantile_over_time"),
    *("sort", "sort_desc", "sort_by_label", "sort_by_label_desc", "label_replace", "label_join", "scalar", "vector"),
}
_CHOOSING = {"max", "min", "avg", "topk", "bottomk", "limitk", "limit_ratio", "quantile"}
_NEVER_NEGATIVE = {"rate", "irate", "increase", "changes", "resets", "count_over_time", "abs", "time", "timestamp"}
_DATES = {"minute": (0, 59), "hour": (0, 23), "month": (1, 12), "day_of_week": (0, 6), "day_of_month": (1, 31)}


@dataclass(frozen=True, slots=True)
class Bounds:
    """From `low` to `high`, both included."""

    low: float = -math.inf
    high: float = math.inf

    def __or__(self, other: Bounds) -> Bounds:
        """Around both."""
        return Bounds(min(self.low, other.low), max(self.high, other.high))


ANY = Bounds()
COUNT = Bounds(0, math.inf)


def bounds(node: Node, project: Project, level: int = 0) -> Bounds:  # noqa: PLR0911 - a case for each kind
    """The bounds of an expression; those of a recorded series are those of its rule."""
    value = constant(node)
    if value is not None:
        return Bounds(value, value)
    match node:
        case Selector():
            return _selected(node, project, level)
        case Unary():
            inner = bounds(node.operand, project, level)
            return Bounds(-inner.high, -inner.low)
        case Subquery():
            return bounds(node.operand, project, level)
        case Call():
            return _called(node, project, level)
        case Aggregate():
            return _aggregated(node, project, level)
        case Binary():
            return _combined(node, project, level)
    return ANY


def buckets(node: Node, project: Project) -> Series | None:
    """The buckets that a histogram_quantile is taken over, when it is of a single histogram; they may be recorded."""
    found = {selector.name: project.series(selector.name) for selector in selectors(expanded(node, project))}
    series = next(iter(found.values()), None)
    return series if len(found) == 1 and series and series.kind == "bucket" and series.metric.edges else None


def _selected(selector: Selector, project: Project, level: int) -> Bounds:
    if selector.name == "up":
        return Bounds(0, 1)
    series = project.series(selector.name)
    if series and series.kind in {"counter", "bucket"}:
        return COUNT
    trees = recorded(selector, project)
    if not trees or level > MAX_STEPS:
        return ANY
    found = [bounds(tree, project, level + 1) for tree in trees]
    return Bounds(min(one.low for one in found), max(one.high for one in found))


def _called(call: Call, project: Project, level: int) -> Bounds:  # noqa: C901, PLR0911 - a case for each function
    inner = [bounds(argument, project, level) for argument in call.arguments]
    match call.name:
        case "histogram_quantile":
            series = buckets(call.arguments[1], project)
            return Bounds(0 if series.metric.edges[0] > 0 else -math.inf, series.metric.edges[-1]) if series else ANY
        case "absent" | "absent_over_time":
            return Bounds(1, 1)
        case "histogram_fraction":
            return Bounds(0, 1)
        case "clamp_max":
            return Bounds(min(inner[0].low, inner[1].high), min(inner[0].high, inner[1].high))
        case "clamp_min":
            return Bounds(max(inner[0].low, inner[1].low), max(inner[0].high, inner[1].low))
        case "clamp":
            return Bounds(max(inner[0].low, inner[1].low), min(inner[0].high, inner[2].high))
        case name if name in _DATES:
            return Bounds(*_DATES[name])
        case name if name in _NEVER_NEGATIVE:
            return COUNT
        case name if name in _KEEPING and inner:
            parts = zip(inner, call.arguments, strict=True)
            return next((part for part, argument in parts if constant(argument) is None), inner[0])
        case "sum_over_time":
            return COUNT if inner[0].low >= 0 else ANY
    return ANY


def _aggregated(aggregate: Aggregate, project: Project, level: int) -> Bounds:
    inner = bounds(aggregate.operand, project, level)
    if aggregate.name in _CHOOSING:
        return inner
    if aggregate.name == "group":
        return Bounds(1, 1)
    if aggregate.name in {"count", "count_values"}:
        return Bounds(1, math.inf)
    return COUNT if inner.low >= 0 or aggregate.name in {"stddev", "stdvar"} else ANY


def _combined(binary: Binary, project: Project, level: int) -> Bounds:  # noqa: PLR0911 - a case for each kind
    left, right = bounds(binary.left, project, level), bounds(binary.right, project, level)
    if binary.returns_bool:
        return Bounds(0, 1)
    if binary.op in COMPARISONS:
        return right if constant(binary.left) is not None else left
    match binary.op:
        case "and" | "unless":
            return left
        case "or":
            return left | right
        case "+":
            return Bounds(left.low + right.low, left.high + right.high)
        case "-":
            return Bounds(left.low - right.high, left.high - right.low)
        case "*" if left.low >= 0 and right.low >= 0:
            return Bounds(left.low * right.low, _product(left.high, right.high))
        case "/":
            return _ratio(binary, left, right, project)
    return ANY


def _product(one: float, other: float) -> float:
    return 0.0 if 0 in {one, other} else one * other


def _ratio(binary: Binary, left: Bounds, right: Bounds, project: Project) -> Bounds:
    divisor = constant(binary.right)
    if divisor is not None and divisor > 0:
        return Bounds(left.low / divisor, left.high / divisor)
    is_part = part_of(expanded(binary.left, project), expanded(binary.right, project))
    if left.low >= 0 and right.low >= 0:
        return Bounds(0, 1) if is_part else COUNT
    if is_part:
        return Bounds(-math.inf, 1)
    return ANY
