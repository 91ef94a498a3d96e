"""alert/severity: an alert that nobody can route."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.project import Project

RULE = Rule("alert/severity", Severity.ERROR, "an alert has a label `severity`")


def check(project: Project) -> Iterator[Finding]:
    """Each alert without one."""
    for alert in project.alerts:
        if not str(alert.labels.get("severity", "")).strip():
            what = f"The alert {alert.name} has no label `severity`."
            yield alert.query.finding_at(RULE, alert.name, what, "Add `labels: {severity: critical}`, or warning.")
