"""dashboard/words: a dashboard or panel that does not say what it shows."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity, at
from artisan.lint.project import Project
from artisan.lint.text import Position

RULE = Rule("dashboard/words", Severity.WARNING, "a dashboard has a title, a panel a title and a description")
_PROSE = {"row", "text"}


def check(project: Project) -> Iterator[Finding]:
    """Each dashboard without a title, and each panel without a title or a description."""
    for dashboard in project.dashboards:
        if dashboard.title is None:
            what = "The dashboard has no title."
            yield Finding(RULE, dashboard.source, Position(1, 1), 1, what, "Give it one; people search for it.")
        for panel in dashboard.panels:
            if not panel.title and panel.type != "text":
                yield at(RULE, panel.place, f"A panel of type {panel.type} has no title.", "Say what it shows.")
            elif not panel.description and panel.type not in _PROSE:
                what = f'Panel "{panel.title}" has no description.'
                yield at(RULE, panel.place, what, "Say what a reader should make of it.", subject=panel.title)
