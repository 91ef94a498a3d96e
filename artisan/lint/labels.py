"""Which labels the result of an expression can have, and which values each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .metrics import Values
from .promql import Aggregate, Binary, Call, Labels, Node, Selector, String, Subquery, Unary, walk

_SET = {"and", "unless"}
# Aggregations that keep the series they choose, with all labels.
_CHOOSING = {"topk", "bottomk", "limitk", "limit_ratio"}
_WITHOUT_LABELS = {"vector", "scalar", "time", "pi", "absent", "absent_over_time"}
_OF_DATES = {"minute", "hour", "month", "year", "day_of_week", "day_of_month", "day_of_year", "days_in_month"}


@dataclass(frozen=True, slots=True)
class LabelSet:
    """Labels by name; with `open`, any other label too, except those that are `gone`."""

    values: Mapping[str, Values] = field(default_factory=dict)
    open: bool = False
    gone: frozenset[str] = frozenset()

    def has(self, label: str) -> bool:
        """Whether a series of the result may have it."""
        return label in self.values or (self.open and label not in self.gone)

    def kept(self, names: frozenset[str]) -> LabelSet:
        """What `by` and `on` leave."""
        return LabelSet({name: self.values.get(name) for name in names if self.has(name)})

    def without(self, names: frozenset[str]) -> LabelSet:
        """What `without` and `ignoring` leave."""
        rest = {name: values for name, values in self.values.items() if name not in names}
        return LabelSet(rest, self.open, self.gone | names)

    def plus(self, added: Mapping[str, Values]) -> LabelSet:
        """With further labels, or others of the same name."""
        return LabelSet({**self.values, **added}, self.open, self.gone - added.keys())

    def __or__(self, other: LabelSet) -> LabelSet:
        """What a series of either has."""
        values: dict[str, Values] = {**other.values, **self.values}
        for name in self.values.keys() & other.values.keys():
            ours, theirs = self.values[name], other.values[name]
            values[name] = None if ours is None or theirs is None else ours | theirs
        gone = frozenset(name for name in self.gone | other.gone if not self.has(name) and not other.has(name))
        return LabelSet(values, self.open or other.open, gone)


ANY = LabelSet(open=True)
Lookup = Callable[[Selector], LabelSet]
"""The labels of what a selector asks for."""


def labels_of(node: Node, lookup: Lookup) -> LabelSet:
    """The labels of an expression's result."""
    match node:
        case Selector():
            return lookup(node)
        case Unary() | Subquery():
            return labels_of(node.operand, lookup)
        case Call():
            return _called(node, lookup)
        case Aggregate():
            return _aggregated(node, lookup)
        case Binary():
            return _combined(node, lookup)
    return LabelSet()


def _called(call: Call, lookup: Lookup) -> LabelSet:
    if call.name in {"absent", "absent_over_time"}:
        return _absent(call)
    if call.name in _WITHOUT_LABELS or (call.name in _OF_DATES and not call.arguments):
        return LabelSet()
    inner = [labels_of(argument, lookup) for argument in call.arguments if not isinstance(argument, String)]
    result = next((labels for labels in reversed(inner) if labels.values or labels.open), LabelSet())
    match call.name:
        case "histogram_quantile":
            return result.without(frozenset({"le"}))
        case "label_replace" | "label_join":
            target = call.arguments[1]
            return result.plus({target.value: None}) if isinstance(target, String) else ANY
        case "info":
            return ANY
    return result


def _absent(call: Call) -> LabelSet:
    """absent() has the labels that its selector asks to be equal to something."""
    selector = call.arguments[0]
    if not isinstance(selector, Selector):
        return LabelSet()
    equal = {matcher.label for matcher in selector.matchers if matcher.op == "=" and matcher.label != "__name__"}
    return LabelSet(dict.fromkeys(equal))


def _aggregated(aggregate: Aggregate, lookup: Lookup) -> LabelSet:
    inner = labels_of(aggregate.operand, lookup)
    if aggregate.name in _CHOOSING:
        return inner
    result = grouped(inner, aggregate.grouping)
    if aggregate.name == "count_values" and isinstance(aggregate.parameter, String):
        return result.plus({aggregate.parameter.value: None})
    return result


def grouped(labels: LabelSet, grouping: Labels | None) -> LabelSet:
    """What an aggregation leaves."""
    if grouping is None:
        return LabelSet()
    # A variable may stand for any of the labels.
    if any(name.startswith(("$", "[")) for name in grouping.names):
        return labels
    return labels.without(grouping.names) if grouping.without else labels.kept(grouping.names)


def _combined(binary: Binary, lookup: Lookup) -> LabelSet:
    left, right = labels_of(binary.left, lookup), labels_of(binary.right, lookup)
    if binary.op == "or":
        return left | right
    if binary.op in _SET or not is_vector(binary.right):
        return left
    if not is_vector(binary.left):
        return right
    if binary.many:
        many, one = (left, right) if binary.many == "left" else (right, left)
        return many.plus({label.name: one.values.get(label.name) for label in binary.include})
    if binary.matching is not None:
        return grouped(left, binary.matching)
    return left


def is_vector(node: Node) -> bool:
    """Whether an expression has series, as opposed to being a number."""
    match node:
        case Selector():
            return True
        case Call():
            return node.name not in {"scalar", "time", "pi", "vector"} and (
                node.name in _OF_DATES or any(is_vector(argument) for argument in node.arguments)
            )
        case Aggregate():
            return True
        case Binary():
            return is_vector(node.left) or is_vector(node.right)
        case Unary() | Subquery():
            return is_vector(node.operand)
    return False


def selectors(node: Node) -> list[Selector]:
    """Every selector of an expression."""
    return [found for found in walk(node) if isinstance(found, Selector)]
