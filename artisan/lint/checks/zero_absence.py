"""zero/absence: an alert on `x == 0` that is silent when x is gone."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.constants import constant
from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.labels import selectors
from artisan.lint.project import Project
from artisan.lint.promql import Aggregate, Binary, Call, Node, Selector, walk
from artisan.lint.shares import COMPARISONS, matches

RULE = Rule("zero/absence", Severity.ERROR, "an alert on a zero has its absence beside it")
_ABSENT = {"absent", "absent_over_time"}
_FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}


def check(project: Project) -> Iterator[Finding]:
    """Each `x == 0` of an alert for which nothing rings when x is not there at all."""
    trees = [(alert.query, alert.query.tree) for alert in project.alerts if alert.query.tree is not None]
    watched = [selector for _, tree in trees for selector in _watched(tree)]
    for query, tree in trees:
        for comparison in _zeros(tree):
            asked = [selector for selector in selectors(comparison) if selector.name]
            if asked and not any(_overlap(one, other) for one in asked for other in watched):
                name = asked[0].name
                what = f"When `{name}` is gone, `{_written(comparison)}` is silent: what is not there is not zero."
                todo = f"Add `or absent({name}{{…}})` of the same series, here or in an alert of its own."
                yield query.finding(RULE, comparison, what, todo)


def _zeros(node: Node) -> Iterator[Binary]:
    """The comparisons with zero that make an alert ring; not those that only keep it from ringing."""
    match node:
        case Binary() if _is_zero(node):
            yield node
        case Binary(op="and" | "or"):
            yield from _zeros(node.left)
            yield from _zeros(node.right)
        case Binary(op="unless"):
            yield from _zeros(node.left)
        case Binary(op=op) if op in COMPARISONS:  # count(up == 0) > 2
            yield from _zeros(node.left if constant(node.left) is None else node.right)
        case Aggregate():
            yield from _zeros(node.operand)


def _is_zero(node: Binary) -> bool:
    """`x == 0` and `x <= 0`; of what is 0 or 1, anything but one too."""
    found = _against_number(node)
    if found is None:
        return False
    operand, op, value = found
    if value == 0:
        return op in {"==", "<="}
    flags = all(selector.name == "up" or selector.name.endswith("_up") for selector in selectors(operand))
    return flags and ((op == "<" and 0 < value <= 1) or (op == "!=" and value == 1))


def _against_number(node: Binary) -> tuple[Node, str, float] | None:
    """`operand op number` of a comparison, whichever side the number stands on."""
    left, right = constant(node.left), constant(node.right)
    if node.op in COMPARISONS and right is not None:
        return node.left, node.op, right
    if node.op in COMPARISONS and left is not None:
        return node.right, _FLIPPED.get(node.op, node.op), left
    return None


def _written(node: Binary) -> str:
    found = _against_number(node)
    return f"{found[1]} {found[2]:g}" if found else node.op


def _watched(tree: Node) -> Iterator[Selector]:
    """The series whose absence an alert notices."""
    for node in walk(tree):
        match node:
            case Call(name=name) if name in _ABSENT:
                yield from selectors(node)
            case Binary(op="or") if constant(node.right) is not None:
                yield from selectors(node.left)
    for node in _ringing(tree):
        # `up == 1 unless x`: there is a target, and no x. A condition on x itself does not ask whether it is there.
        if isinstance(node, Binary) and node.op == "unless" and _is_presence(node.left) and not _compares(node.right):
            yield from selectors(node.right)


def _ringing(node: Node) -> Iterator[Node]:
    """The parts of an expression of which each alone can make it ring."""
    yield node
    if isinstance(node, Binary) and node.op in {"or", "unless"}:
        yield from _ringing(node.left)
    if isinstance(node, Binary) and node.op == "or":
        yield from _ringing(node.right)


def _is_presence(node: Node) -> bool:
    """Whether something holds as a rule, such as `up == 1`, and not on a bad day, such as `errors > 5`."""
    found = [_against_number(part) for part in walk(node) if isinstance(part, Binary) and part.op in COMPARISONS]
    usual = {("==", 1), (">", 0), (">=", 1), ("!=", 0)}
    return all(one is not None and (one[1], one[2]) in usual for one in found)


def _compares(node: Node) -> bool:
    return any(isinstance(part, Binary) and part.op in COMPARISONS for part in walk(node))


def _overlap(one: Selector, other: Selector) -> bool:
    """Whether a series may be selected by both."""
    if one.name != other.name:
        return False
    pairs = [(a, b) for a in one.matchers for b in other.matchers if a.label == b.label and not (a.open or b.open)]
    return all((a.op != "=" or matches(b, a.value)) and (b.op != "=" or matches(a, b.value)) for a, b in pairs)
