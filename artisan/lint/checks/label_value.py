"""label/value: a matcher for a value that the label never has."""

from __future__ import annotations

import math
from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.labels import selectors
from artisan.lint.metrics import Series, closest
from artisan.lint.patterns import alternatives, can_match
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
    for matcher in selector.matchers if series else ():
        values = series.labels.get(matcher.label) if series else None
        if series is None or values is None or matcher.open or matcher.value == "":
            continue
        for alternative, start, length in _alternatives(matcher):
            # A single `le` has a rule of its own: threshold/edge.
            edge = (matcher.label, series.kind) == ("le", "bucket")
            if not (_is_edge(series, matcher, alternative) if edge else _occurs(matcher, alternative, values)):
                node = Node(matcher.value_start + start, matcher.value_start + start + max(1, length))
                yield query.finding(RULE, node, *_words(selector, matcher, alternative, values))


def _alternatives(matcher: Matcher) -> list[tuple[str, int, int]]:
    if matcher.op in {"=", "!="}:
        return [(matcher.value, 0, len(matcher.value))]
    return list(alternatives(matcher.value))


def _occurs(matcher: Matcher, value: str, values: frozenset[str]) -> bool:
    if matcher.op in {"=", "!="}:
        return value in values
    return can_match(value, ["", *values])


def _is_edge(series: Series, matcher: Matcher, alternative: str) -> bool:
    """One of several, in any spelling: of `5|5.0` only one can occur."""
    if alternative == matcher.value or not any(
        _occurs(matcher, one, _spelt(series)) for one, *_ in _alternatives(matcher)
    ):
        return True
    try:
        value = float(alternative.replace("\\", "").strip("^$"))
    except ValueError:
        return _occurs(matcher, alternative, _spelt(series))
    return math.isinf(value) or value in series.metric.edges


def _spelt(series: Series) -> frozenset[str]:
    return frozenset([*series.metric.spelt.values(), "+Inf"])


def _words(selector: Selector, matcher: Matcher, value: str, values: frozenset[str]) -> tuple[str, str]:
    effect = "selects nothing" if matcher.op in {"=", "=~"} else "excludes nothing"
    what = f'`{matcher.label}` of `{selector.name}` is never "{value}", so this {effect}.'
    meant = closest(value, values)
    shown = ", ".join(sorted(values)[:8]) + (", …" if len(values) > 8 else "")
    return what, f'Did you mean "{meant}"?' if meant else f"It can be {shown}."
