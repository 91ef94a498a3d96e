"""promql/syntax: an expression that Prometheus would refuse."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.project import Project
from artisan.lint.promql.syntax import explain

RULE = Rule("promql/syntax", Severity.ERROR, "the expression is PromQL")


def check(project: Project) -> Iterator[Finding]:
    """Each expression that does not parse, in the words of promtool where there is one."""
    for query in project.queries:
        if query.invalid is None:
            continue
        error = explain(query.text, query.invalid, project.promtool)
        if error is not None:
            what = f"This is no PromQL: {str(error).rstrip('.')}."
            yield query.finding(RULE, (error.start, error.end), what, "Correct the expression; Prometheus refuses it.")
