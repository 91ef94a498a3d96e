"""dashboard/datasource: a panel that asks nobody, or a variable that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity, at
from artisan.lint.project import Project

RULE = Rule("dashboard/datasource", Severity.ERROR, "a query names its data source, which the dashboard declares")
_VARIABLE = re.compile(r"\$\{?(\w+)")
# Sources that Grafana brings along.
_BUILT_IN = {"-- Mixed --", "-- Grafana --", "-- Dashboard --", "grafana", "__expr__"}


def check(project: Project) -> Iterator[Finding]:
    """Each query without a source, or with a variable for one that the dashboard does not have."""
    for dashboard in project.dashboards:
        variables = {str(variable.name) for variable in dashboard.variables}
        inputs = set(dashboard.inputs)
        for panel in dashboard.panels:
            for source in dict.fromkeys(panel.datasources):
                asked = _VARIABLE.match(source.uid)
                if not source.uid and not source.type:
                    what = f'Panel "{panel.title}" names no data source, so it asks whatever is the default.'
                    todo = "Name one by type and uid, or by a variable such as ${datasource}."
                elif asked and asked[1] not in variables | inputs and source.uid not in _BUILT_IN:
                    what = f'Panel "{panel.title}" asks the data source {source.uid}, and there is no such variable.'
                    todo = "Declare the variable, or name another source."
                else:
                    continue
                yield at(RULE, panel.place, what, todo, subject=panel.title)
