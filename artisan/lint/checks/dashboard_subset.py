"""dashboard/subset: what the project has agreed not to use in its dashboards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from artisan.lint.documents import mappings
from artisan.lint.finding import Finding, Rule, Severity, at
from artisan.lint.project import Project
from artisan.lint.sources.dashboards import Dashboard, Panel

RULE = Rule("dashboard/subset", Severity.ERROR, "panels, variables, sources and units are of the declared subset")


def check(project: Project) -> Iterator[Finding]:
    """Each type beyond those that the file of the setting `subset` lists; a list that is not there allows all."""
    for dashboard in project.dashboards if project.subset else ():
        for panel in dashboard.panels:
            yield from _panel(project, panel)
        yield from _variables(project, dashboard)


def _panel(project: Project, panel: Panel) -> Iterator[Finding]:
    used: list[tuple[str, str, str]] = [("panels", "panel type", panel.type)]
    used += [("datasources", "data source", source.type) for source in panel.datasources if source.type]
    used += [("units", "unit", str(unit)) for unit in {unit for _, unit in panel.shown} if unit]
    used += [
        ("transformations", "transformation", str(t.get("id"))) for t in mappings(panel.raw.get("transformations"))
    ]
    for key, what, name in used:
        if not _allowed(project, key, name):
            yield at(RULE, panel.place, *_words(project, key, what, name), subject=panel.title)


def _variables(project: Project, dashboard: Dashboard) -> Iterator[Finding]:
    for variable in dashboard.variables:
        if not _allowed(project, "variables", variable.type):
            yield at(
                RULE,
                variable.type,
                *_words(project, "variables", "variable type", variable.type),
                subject=variable.name,
            )
        elif variable.call and not _allowed(project, "variableQueries", variable.call):
            words = _words(project, "variableQueries", "query of a variable", variable.call)
            yield at(RULE, variable.name, *words, subject=variable.name)


def _allowed(project: Project, key: str, name: str) -> bool:
    listed: Any = project.subset.get(key)
    return not isinstance(listed, list) or name in map(str, listed)


def _words(project: Project, key: str, what: str, name: str) -> tuple[str, str]:
    allowed = ", ".join(map(str, project.subset[key])) or "none"
    return f"The {what} `{name}` is not of the declared subset.", f"Use one of: {allowed}; or extend the subset."
