"""dashboard/unit: a panel of bare numbers."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity, at
from artisan.lint.project import Project

RULE = Rule("dashboard/unit", Severity.WARNING, "a panel of values has a unit")
_VALUES = {"timeseries", "stat", "gauge", "bargauge", "graph", "singlestat", "barchart", "heatmap", "histogram"}


def check(project: Project) -> Iterator[Finding]:
    """Each panel that draws values and says no unit, for all or for each of them."""
    for dashboard in project.dashboards:
        for panel in dashboard.panels:
            if panel.type in _VALUES and panel.shown and not any(unit for _, unit in panel.shown):
                what = f'Panel "{panel.title}" has no unit.'
                yield at(RULE, panel.place, what, "Set one; `short` is the unit of plain numbers.", subject=panel.title)
