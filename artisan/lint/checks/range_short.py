"""range/short: a window that holds too few scrapes."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.project import Project
from artisan.lint.promql import Call, Selector, walk
from artisan.lint.promql.nodes import Window
from artisan.lint.query import Query

RULE = Rule("range/short", Severity.ERROR, "a range spans at least four scrapes")
_SCRAPES = 4
# These need a single sample, or look for its absence.
_CONTENT = {"last_over_time", "present_over_time", "absent_over_time", "first_over_time"}


def check(project: Project) -> Iterator[Finding]:
    """Each `[window]` in which one failed scrape would leave a function without two samples."""
    for query, tree in project.trees():
        for node in walk(tree):
            if isinstance(node, Call) and node.name not in _CONTENT:
                for selector in node.arguments:
                    if isinstance(selector, Selector) and selector.window is not None:
                        yield from _window(project.scraping.interval, query, selector.window)


def _window(interval: float | None, query: Query, window: Window) -> Iterator[Finding]:
    least = None if interval is None else _SCRAPES * interval
    if "$__interval" in query.text[window.start : window.end]:
        what = "Where one looks closely, $__interval is shorter than a scrape."
        yield query.finding(RULE, window, what, "Take $__rate_interval.")
    elif least is not None and window.seconds is not None and window.seconds < least:
        what = f"{window.seconds:g} s hold fewer than {_SCRAPES} scrapes, which come every {interval:g} s."
        yield query.finding(RULE, window, what, f"Make the range at least {least:g} s.")
