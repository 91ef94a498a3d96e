"""label/lost: a label that an aggregation below has dropped."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.project import Project
from artisan.lint.promql import Binary, walk
from artisan.lint.query import Kind

from .label_unknown import asked, may_carry

RULE = Rule("label/lost", Severity.ERROR, "a label that is used survives the aggregation")


def check(project: Project) -> Iterator[Finding]:
    """Each label that was there once and is asked for too late: by an operator, a legend or an annotation."""
    for query, tree in project.trees():
        for node in walk(tree):
            for label, operands in asked(node):
                # `ignoring` and `without` may well name what is gone.
                grouping = node.matching if isinstance(node, Binary) else getattr(node, "grouping", None)
                lost = not any(project.labels(operand).has(label.name) for operand in operands)
                there = any(may_carry(project, operand, label.name) for operand in operands)
                if lost and there and not (grouping and grouping.without and label in grouping.labels):
                    what = f"The label `{label.name}` is gone here: an aggregation below has dropped it."
                    yield query.finding(RULE, label, what, "Keep it there, in the `by (…)` of the aggregation.")
        result = project.labels(tree)
        for name, place in query.uses:
            if name != "__name__" and not result.has(name):
                owner = {Kind.ALERT: "The alert", Kind.PANEL: "The query of the panel"}.get(query.kind, "The selector")
                what = f"{owner} has no label `{name}` in its result, so this is empty."
                yield query.finding_at(
                    RULE, place, what, f"It has {_listed(result.values)}; keep the label, or use another."
                )


def _listed(names: object) -> str:
    listed = ", ".join(sorted(names)) if isinstance(names, dict) else ""
    return listed or "no labels"
