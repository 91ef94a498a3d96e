"""Whether a declared query counts events, in PromQL that stays whole inside of the rules that are made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import promql_parser

from .indicators import PLACEHOLDER

_LONGEST = 5000
"""In characters. The parser recurses, and one of tens of thousands of brackets overflows its stack."""
_WINDOW = "7919s"
"""Stands for every window while a query is read: nobody writes it by chance."""


def fault(query: str) -> str | None:
    """What is wrong with a query that should count the events of `{window}`, or None."""
    if f"[{PLACEHOLDER}]" not in query:
        return f"PromQL that counts events of a window, written as [{PLACEHOLDER}]"
    if rate := re.search(r"\b(i?rate)\s*\(", query):
        return f"PromQL that counts events, so with increase() and not {rate[1]}()"
    counted = query.replace(PLACEHOLDER, _WINDOW)
    # On its own, lest its brackets close those of the rule; and summed up, since sum() takes no number.
    if wanted := syntax_fault(counted) or syntax_fault(f"sum({counted}\n)"):
        return wanted
    window = promql_parser.parse_duration(_WINDOW)
    if any(length != window for length in _ranges(promql_parser.parse(counted))):
        return f"PromQL whose every range is [{PLACEHOLDER}], since any other counts the same events in every window"
    return None


def selector_fault(metric: str, selector: str) -> str | None:
    """What is wrong with matchers that should choose among the series of a metric, or None."""
    # As in the rules: alone, and with another matcher behind.
    for tried in (f"{metric}{{{selector}}}", f"{metric}{{{selector}{', ' if selector else ''}le='1'}}"):
        if wanted := syntax_fault(f"sum({tried})"):
            return f"matchers of labels, as in {wanted}"
        # Brackets of its own would make more of it than one selector.
        if not isinstance(promql_parser.parse(tried), promql_parser.VectorSelector):
            return 'matchers of labels alone, such as shop="1"'
    return None


def syntax_fault(query: str) -> str | None:
    """Why this is no PromQL, or None."""
    if len(query) > _LONGEST:
        return f"PromQL of at most {_LONGEST} characters"
    try:
        tree = promql_parser.parse(query)
    except ValueError as error:
        return f"valid PromQL ({' '.join(str(error).split())})"
    if any(_has_alternatives(node) for node in _walk(tree)):
        return "valid PromQL (there is no `or` between matchers)"
    return None


def _has_alternatives(node: Any) -> bool:
    """The parser also reads the `or` of VictoriaMetrics, which Prometheus refuses."""
    return isinstance(node, promql_parser.VectorSelector) and bool(node.matchers.or_matchers)


def _ranges(tree: Any) -> Iterator[Any]:
    """How long each range is, those of subqueries too."""
    for node in _walk(tree):
        if isinstance(node, promql_parser.MatrixSelector | promql_parser.SubqueryExpr):
            yield node.range


def _walk(tree: Any) -> Iterator[Any]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        below = [getattr(node, name, None) for name in ("expr", "lhs", "rhs", "param", "vector_selector")]
        waiting += [part for part in (*below, *(getattr(node, "args", None) or ())) if part is not None]
