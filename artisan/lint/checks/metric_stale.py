"""metric/stale: an entry of `unused` that is not true any more."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity, at
from artisan.lint.metrics import series_of
from artisan.lint.project import Project

from .metric_unused import used_names

RULE = Rule("metric/stale", Severity.WARNING, "what is listed as unused exists, and is unused")


def check(project: Project) -> Iterator[Finding]:
    """Each listed metric that is used after all, or that no longer exists."""
    if not project.catalogue:
        return
    families = {metric.name: metric for metric in project.catalogue}
    used = used_names(project)
    for entry in project.config.unused:
        family = families.get(entry.metric)
        if family is None:
            what = f"`{entry.metric}` is listed as unused, but there is no such metric."
        elif used & {series.name for series in series_of(family)}:
            what = f"`{entry.metric}` is listed as unused, but it is used."
        else:
            continue
        yield at(RULE, entry.metric, what, "Take the entry away.", subject=entry.metric)
