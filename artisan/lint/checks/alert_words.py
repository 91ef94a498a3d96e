"""alert/words: an alert that does not say what happened."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.project import Project

RULE = Rule("alert/words", Severity.ERROR, "an alert has a summary and a description")


def check(project: Project) -> Iterator[Finding]:
    """Each alert that lacks one of them."""
    for alert in project.alerts:
        for key in ("summary", "description"):
            if not str(alert.annotations.get(key, "")).strip():
                what = f"The alert {alert.name} has no annotation `{key}`."
                todo = "Say in one line what is wrong." if key == "summary" else "Say it with the value and the labels."
                yield alert.query.finding_at(RULE, alert.name, what, todo)
