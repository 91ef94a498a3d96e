"""metric/unused: a metric of ours that nobody looks at."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity, at
from artisan.lint.labels import selectors
from artisan.lint.metrics import series_of
from artisan.lint.project import Project
from artisan.lint.text import Position

RULE = Rule("metric/unused", Severity.ERROR, "each metric of the catalogue is used, or listed as unused on purpose")


def check(project: Project) -> Iterator[Finding]:
    """Each metric that no rule, dashboard, objective or document asks for and that `unused` does not list."""
    listed = {entry.metric for entry in project.config.unused}
    used = used_names(project)
    for metric in project.catalogue:
        names = {series.name for series in series_of(metric)}
        if metric.name not in listed and not used & names:
            what = f"No rule, dashboard, objective or document uses the metric `{metric.name}`."
            todo = "Use it, or list it with a reason under `unused`, or drop it."
            if key := project.config.unused_key:
                yield at(RULE, key, what, todo, subject=metric.name)
            else:
                yield Finding(RULE, project.config.source, Position(1, 1), 1, what, todo, metric.name)


def used_names(project: Project) -> set[str]:
    """Every series name that an expression asks for."""
    return {selector.name for _, tree in project.trees() for selector in selectors(tree)}
