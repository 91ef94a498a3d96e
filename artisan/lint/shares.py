"""Whether one expression counts a part of what another counts, so that their ratio lies between 0 and 1."""

from __future__ import annotations

import re

from .constants import constant
from .promql import Aggregate, Binary, Call, Matcher, Node, Selector, Subquery

COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<="})


def part_of(part: Node, whole: Node) -> bool:  # noqa: PLR0911 - a case for each kind
    """True when this is sure; both are taken to be counts, which are never negative."""
    if isinstance(whole, Binary) and whole.op == "+":
        return part_of(part, whole.left) or part_of(part, whole.right)
    if isinstance(part, Binary):
        return _filtered_part(part, whole)
    match part, whole:
        case Selector(), Selector():
            return _selects_part(part, whole)
        case Call(), Call():
            return (
                part.name == whole.name
                and len(part.arguments) == len(whole.arguments)
                and all(_same_or_part(a, b) for a, b in zip(part.arguments, whole.arguments, strict=True))
            )
        case Aggregate(), Aggregate():
            same = part.name == whole.name and part.name in {"sum", "count"}
            return same and _same_grouping(part, whole) and part_of(part.operand, whole.operand)
        case Subquery(), Subquery():
            same = part.window.seconds == whole.window.seconds and part.modifiers == whole.modifiers
            return same and part_of(part.operand, whole.operand)
    return False


def _filtered_part(part: Binary, whole: Node) -> bool:
    if part.op in {"and", "unless"} or (part.op in COMPARISONS and not part.returns_bool):
        return part_of(part.left, whole)
    if part.op == "or":  # `failures or vector(0)`
        return part_of(part.left, whole) and (constant(part.right) == 0 or part_of(part.right, whole))
    if part.op == "-":  # `all - successes`
        return part_of(part.left, whole) and part_of(part.right, part.left)
    return False


def _same_or_part(part: Node, whole: Node) -> bool:
    value = constant(part)
    return part_of(part, whole) if value is None else value == constant(whole)


def _same_grouping(part: Aggregate, whole: Aggregate) -> bool:
    if part.grouping is None or whole.grouping is None:
        return part.grouping is whole.grouping
    return part.grouping.without == whole.grouping.without and part.grouping.names == whole.grouping.names


def _selects_part(part: Selector, whole: Selector) -> bool:
    windows = [selector.window.seconds if selector.window else -1 for selector in (part, whole)]
    # A bucket is a part of the observations.
    same = part.name in {whole.name, f"{whole.name.removesuffix('_count')}_bucket"} and part.name != ""
    same = same and part.modifiers == whole.modifiers  # what was a week ago is no part of what is now
    return same and windows[0] == windows[1] and all(_implied(matcher, part) for matcher in whole.matchers)


def _implied(wanted: Matcher, part: Selector) -> bool:
    """Whether all that `part` selects is matched by `wanted`."""
    for matcher in part.matchers:
        if matcher.label != wanted.label:
            continue
        if (matcher.op, matcher.value) == (wanted.op, wanted.value):
            return True
        if matcher.op == "=" and matches(wanted, matcher.value):
            return True
        if matcher.op == "=~" and all(matches(wanted, value) for value in matcher.value.split("|")):
            return re.fullmatch(r"[\w|/ -]+", matcher.value) is not None
    return False


def matches(matcher: Matcher, value: str) -> bool:
    """Whether a label of this value passes a matcher; a regular expression that Python cannot read passes all."""
    if matcher.op in {"=", "!="}:
        return (matcher.value == value) == (matcher.op == "=")
    try:
        return (re.fullmatch(matcher.value, value) is not None) == (matcher.op == "=~")
    except re.error:
        return True
