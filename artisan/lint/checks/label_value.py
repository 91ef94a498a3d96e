"""label/value: a matcher for a value that the label never has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.labels import selectors
from artisan.lint.metrics import closest
from artisan.lint.project import Project
from artisan.lint.promql import Matcher, Node, Selector
from artisan.lint.query import Query

RULE = Rule("label/value", Severity.ERROR, "a value that is matched can occur")


def check(project: Project) -> Iterator[Finding]:
    """Each matcher whose value, or one of whose alternatives, is none of those that the label can have."""
    for query, tree in project.trees():
        for selector in selectors(tree):
            yield from _in_selector(project, query, selector)


def _in_selector(project: Project, query: Query, selector: Selector) -> Iterator[Finding]:
    series = project.series(selector.name) if selector.name else None
    for matcher in selector.matchers:
        values = series.labels.get(matcher.label) if series else None
        # `le` has a rule of its own: threshold/edge.
        if (
            values is None
            or matcher.open
            or matcher.value == ""
            or (series and (matcher.label, series.kind) == ("le", "bucket"))
        ):
            continue
        for alternative, start in _alternatives(matcher):
            if not _occurs(matcher, alternative, values):
                node = Node(start, start + max(1, len(alternative)))
                yield query.finding(RULE, node, *_words(selector, matcher, alternative, values))


def _alternatives(matcher: Matcher) -> Iterator[tuple[str, int]]:
    """The alternatives of `a|b|c` outside of brackets, with their places; anything else is one."""
    if matcher.op in {"=", "!="}:
        yield matcher.value, matcher.value_start
        return
    depth = start = 0
    for index, character in enumerate(f"{matcher.value}|"):
        escaped = index > 0 and matcher.value[index - 1] == "\\"
        depth += 0 if escaped else (character in "([{") - (character in ")]}")
        if character == "|" and depth == 0 and not escaped:
            yield matcher.value[start:index], matcher.value_start + start
            start = index + 1


def _occurs(matcher: Matcher, value: str, values: frozenset[str]) -> bool:
    if matcher.op in {"=", "!="}:
        return value in values
    try:
        pattern = re.compile(value)
    except re.error:
        return True  # another dialect than Python's
    return pattern.fullmatch("") is not None or any(pattern.fullmatch(known) for known in values)


def _words(selector: Selector, matcher: Matcher, value: str, values: frozenset[str]) -> tuple[str, str]:
    effect = "selects nothing" if matcher.op in {"=", "=~"} else "excludes nothing"
    what = f'`{matcher.label}` of `{selector.name}` is never "{value}", so this {effect}.'
    meant = closest(value, values)
    shown = ", ".join(sorted(values)[:8]) + (", …" if len(values) > 8 else "")
    return what, f'Did you mean "{meant}"?' if meant else f"It can be {shown}."
