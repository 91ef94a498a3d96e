"""alert/runbook: an alert that does not say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from artisan.lint.documents import Broken, Unreadable, read
from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.metrics import closest
from artisan.lint.project import Project
from artisan.lint.sources.markdown import anchors
from artisan.lint.sources.rules import Alert
from artisan.lint.text import Text

RULE = Rule("alert/runbook", Severity.ERROR, "an alert names a runbook, which exists")


def check(project: Project) -> Iterator[Finding]:
    """Each alert without one, or with one in a file or under a heading that is not there. URLs are taken as given."""
    known: dict[Path, set[str] | None] = {}
    for alert in project.alerts:
        runbook = _runbook(alert)
        if runbook is None:
            what = f"The alert {alert.name} has no annotation `runbook` (or `runbook_url`)."
            yield alert.query.finding_at(RULE, alert.name, what, "Name the page and heading that tell what to do.")
        elif "://" not in runbook and "{{" not in runbook:
            path, _, anchor = runbook.partition("#")
            file = project.root / path
            if file not in known:
                known[file] = _anchors(file)
            headings = known[file]
            if headings is None:
                what = f"The runbook {path} does not exist."
                yield alert.query.finding_at(RULE, runbook, what, "Correct the path; it begins at the project's root.")
            elif anchor and anchor not in headings:
                what = f"{path} has no heading with the anchor #{anchor}."
                meant = closest(anchor, headings)
                todo = f"Did you mean #{meant}?" if meant else "Write that section."
                yield alert.query.finding_at(RULE, runbook, what, todo)


def _runbook(alert: Alert) -> Text | None:
    for key, value in alert.annotations.items():
        if key in {"runbook", "runbook_url"} and value.strip():
            return value
    return None


def _anchors(file: Path) -> set[str] | None:
    try:
        return anchors(read(file, str(file)).content)
    except (Unreadable, Broken):
        return None
