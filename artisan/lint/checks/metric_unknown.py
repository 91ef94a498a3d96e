"""metric/unknown: a selector of a series that nobody exposes or records."""

from __future__ import annotations

import re
from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.labels import selectors
from artisan.lint.metrics import closest
from artisan.lint.project import Project
from artisan.lint.promql import Selector

RULE = Rule("metric/unknown", Severity.ERROR, "the metric exists")


def check(project: Project) -> Iterator[Finding]:
    """Each name that no description has, with the one that was probably meant."""
    if project.metrics is None:
        return
    names = project.names()
    for query, tree in project.trees():
        for selector in selectors(tree):
            if selector.name and project.series(selector.name) is None:
                what = f"No metric `{selector.name}` exists."
                yield query.finding(RULE, selector, what, _advice(selector.name, names, project))
            elif not selector.name and (pattern := _unmatched(selector, names)) is not None:
                what = f"No metric has a name that matches `{pattern}`."
                yield query.finding(RULE, selector, what, "Correct the pattern of `__name__`.")


def _advice(name: str, names: set[str], project: Project) -> str:
    if project.metrics and project.metrics.get(f"{name}_bucket"):
        return f"A histogram has no series of its bare name: take `{name}_count`, `{name}_sum` or `{name}_bucket`."
    if f"{name}_total" in names:
        return f"A counter's series end in _total: write `{name}_total`."
    meant = closest(name, names)
    return f"Did you mean `{meant}`?" if meant else "Correct the name, or expose the metric."


def _unmatched(selector: Selector, names: set[str]) -> str | None:
    """The pattern for a name that no name matches."""
    for matcher in selector.matchers:
        if matcher.label == "__name__" and matcher.op == "=~" and not matcher.open:
            try:
                pattern = re.compile(matcher.value)
            except re.error:
                continue  # another dialect than Python's
            if not any(pattern.fullmatch(name) for name in names):
                return matcher.value
    return None
