"""promql/unread: an expression that Prometheus accepts and lint cannot read."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.project import Project
from artisan.lint.promql.syntax import explain

RULE = Rule("promql/unread", Severity.WARNING, "lint can read the expression")


def check(project: Project) -> Iterator[Finding]:
    """Each expression whose syntax only promtool knows: nothing else is checked in it."""
    for query in project.queries:
        if query.invalid is not None and explain(query.text, query.invalid, project.promtool) is None:
            what = f"promtool accepts this, but lint cannot read it ({query.invalid})."
            todo = "Nothing in it is checked; write it in older syntax, or waive this."
            yield query.finding(RULE, (query.invalid.start, query.invalid.end), what, todo)
