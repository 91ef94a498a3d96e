"""Where the value comes from that is compared: back through whatever passes it on, to a series or a quantile."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .constants import constant
from .labels import selectors
from .project import Project
from .promql import Aggregate, Binary, Call, Node, Selector, Subquery
from .recorded import MAX_STEPS, recorded
from .shares import COMPARISONS

_FIRST = {
    *("max_over_time", "min_over_time", "last_over_time", "first_over_time", "scalar", "label_replace", "label_join"),
    *("sort", "sort_desc", "sort_by_label", "sort_by_label_desc"),
}
_MEANS = {"avg_over_time", "quantile_over_time"}


@dataclass(frozen=True, slots=True)
class Origin:
    """A series or a histogram_quantile, and the threshold in its own scale.

    It is not `exact` after a mean of several values, and not `whole` if the value may be that of something else.
    """

    node: Selector | Call
    value: float
    exact: bool = True
    whole: bool = True


def origin(node: Node, value: float, project: Project, steps: int = 0) -> Origin | None:  # noqa: PLR0911 - by kind
    """What the operand of `node > value` passes on; None if that is no value of a series or quantile."""
    match node:
        case Call(name="histogram_quantile"):
            return Origin(node, value)
        case Selector():
            return _selected(node, value, project, steps)
        case Subquery():
            return origin(node.operand, value, project, steps)
        case Aggregate(name="max" | "min" | "topk" | "bottomk" | "limitk" | "limit_ratio"):
            return origin(node.operand, value, project, steps)
        case Aggregate(name="avg" | "quantile"):
            return _mean(origin(node.operand, value, project, steps))
        case Call():
            return _called(node, value, project, steps)
        case Binary():
            return _combined(node, value, project, steps)
    return None


def quantile_of(node: Node, value: float, project: Project) -> Origin | None:
    """The same, if it is a histogram_quantile."""
    found = origin(node, value, project)
    return found if found and isinstance(found.node, Call) else None


def _mean(found: Origin | None) -> Origin | None:
    return found and replace(found, exact=False)


def _selected(selector: Selector, value: float, project: Project, steps: int) -> Origin | None:
    trees = recorded(selector, project)
    if not trees or steps > MAX_STEPS:
        return Origin(selector, value)
    found = [origin(tree, value, project, steps + 1) for tree in trees]
    first = found[0]
    names = {one and (one.value, frozenset(part.name for part in selectors(one.node))) for one in found}
    return first if len(names) == 1 else None


def _called(call: Call, value: float, project: Project, steps: int) -> Origin | None:
    if call.name in _FIRST:
        return origin(call.arguments[0], value, project, steps)
    if call.name in _MEANS:
        return _mean(origin(call.arguments[-1], value, project, steps))
    if call.name in {"clamp_min", "clamp_max", "clamp"}:
        limits = [constant(argument) for argument in call.arguments[1:]]
        low, high = limits[0], limits[-1]
        above = call.name == "clamp_max" or (low is not None and low < value)
        below = call.name == "clamp_min" or (high is not None and high > value)
        return origin(call.arguments[0], value, project, steps) if above and below else None
    return None


def _combined(binary: Binary, value: float, project: Project, steps: int) -> Origin | None:  # noqa: PLR0911 - by sign
    left, right = constant(binary.left), constant(binary.right)
    if binary.returns_bool or (left is not None and right is not None):
        return None
    if binary.op == "or":
        found = origin(binary.left, value, project, steps)
        return found if right is not None and right < value else found and replace(found, whole=False)
    if binary.op in {"and", "unless"} or (binary.op in COMPARISONS and left is None):
        return origin(binary.left, value, project, steps)
    number, other = (right, binary.left) if right is not None else (left, binary.right)
    if number is None:
        return None
    match binary.op:
        case "+":
            return origin(other, value - number, project, steps)
        case "*" if number > 0:
            return origin(other, value / number, project, steps)
        case "-" if right is not None:
            return origin(other, value + number, project, steps)
        case "/" if right is not None and number > 0:
            return origin(other, value * number, project, steps)
        case op if op in COMPARISONS:
            return origin(other, value, project, steps)
    return None
