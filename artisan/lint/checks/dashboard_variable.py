"""dashboard/variable: a query that asks for a variable which the dashboard does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.metrics import closest
from artisan.lint.project import Project
from artisan.lint.query import Query

RULE = Rule("dashboard/variable", Severity.ERROR, "a variable in a query is declared")
# $name, ${name}, ${name:regex}, [[name]]; $1 is a group of label_replace().
_VARIABLE = re.compile(
    r"\$(?P<plain>[a-zA-Z_]\w*)|\$\{(?P<braced>[a-zA-Z_]\w*)[^}]*\}|\[\[(?P<old>[a-zA-Z_]\w*)[^\]]*\]\]"
)
_NAMED_GROUP = re.compile(r"\(\?P?<(\w+)>")


def check(project: Project) -> Iterator[Finding]:
    """Each variable that is none of the dashboard's own, of those asked for at its import, or of Grafana's (`$__…`)."""
    for dashboard in project.dashboards:
        declared = {str(variable.name) for variable in dashboard.variables} | set(dashboard.inputs)
        for query in dashboard.queries:
            yield from _undeclared(query, declared)


def _undeclared(query: Query, declared: set[str]) -> Iterator[Finding]:
    groups = set(_NAMED_GROUP.findall(query.text))
    for found in _VARIABLE.finditer(query.text):
        name = found["plain"] or found["braced"] or found["old"]
        if not name.startswith("__") and name not in declared | groups:
            meant = closest(name, declared)
            todo = f"Did you mean `{meant}`?" if meant else "Declare it, or take it out."
            what = f"The dashboard has no variable `{name}`, so Prometheus gets the name instead of a value."
            yield query.finding(RULE, found.span(), what, todo)
