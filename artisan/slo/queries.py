"""Whether a declared query counts events."""

from __future__ import annotations

import re

import promql_parser

from .indicators import PLACEHOLDER


def fault(query: str) -> str | None:
    """What is wrong with a query that should count the events of `{window}`, or None."""
    if f"[{PLACEHOLDER}]" not in query:
        return f"PromQL that counts events of a window, written as [{PLACEHOLDER}]"
    if rate := re.search(r"\b(i?rate)\s*\(", query):
        return f"PromQL that counts events, so with increase() and not {rate[1]}()"
    return syntax_fault(f"sum({query.replace(PLACEHOLDER, '5m')})")


def syntax_fault(query: str) -> str | None:
    """Why this is no PromQL, or None."""
    try:
        promql_parser.parse(query)
    except ValueError as error:
        return f"valid PromQL ({error})"
    return None
