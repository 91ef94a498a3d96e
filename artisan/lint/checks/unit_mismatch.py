"""unit/mismatch: a panel that shows one unit as another, or an expression that adds or compares different ones."""

from __future__ import annotations

import math
from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity, at
from artisan.lint.grafana_units import UNITS
from artisan.lint.labels import is_vector
from artisan.lint.project import Project
from artisan.lint.promql import Binary, walk
from artisan.lint.shares import COMPARISONS
from artisan.lint.units import Unit, unit

RULE = Rule("unit/mismatch", Severity.ERROR, "units of metric, expression and panel agree")
# What people convert by; another factor is meant as what it is.
_CONVERSIONS = {8.0, 60.0, 100.0, 3600.0, 86400.0, *(1000.0**n for n in range(1, 5)), *(1024.0**n for n in range(1, 5))}


def check(project: Project) -> Iterator[Finding]:
    """Only what is sure: a metric whose unit nobody tells fits everything."""
    for query, tree in project.trees():
        for node in walk(tree):
            if isinstance(node, Binary) and node.op in {"+", "-", *COMPARISONS}:
                left, right = unit(node.left, project), unit(node.right, project)
                if (
                    left
                    and right
                    and is_vector(node.left)
                    and is_vector(node.right)
                    and left.dimensions != right.dimensions
                ):
                    what = f"`{node.op}` has {left} on its left and {right} on its right."
                    yield query.finding(RULE, node, what, "Bring both to the same unit.")
    for dashboard in project.dashboards:
        for panel in dashboard.panels:
            if panel.raw.get("transformations"):
                continue  # what is shown is no longer what was asked for
            for query, shown in panel.shown:
                found = unit(query.tree, project) if query.tree is not None else None
                if shown and found and shown in UNITS and (contrast := _contrast(found, UNITS[shown], shown)):
                    what = f'Panel "{panel.title}" shows {found} as `{shown}`{contrast}.'
                    yield at(RULE, shown, what, "Correct the unit, or convert in the query.", subject=panel.title)


def _contrast(found: Unit, shown: Unit, name: str) -> str | None:
    """How they differ, in words; None when they may agree."""
    ours, theirs = dict(found.dimensions), dict(shown.dimensions)
    if name.startswith("currency"):  # money per hour is shown as money
        ours.pop("seconds", None)
    if ours != theirs:
        return f", which is {shown}"
    ratio = found.factor / shown.factor
    if name.startswith("currency") or math.isclose(ratio, 1, rel_tol=1e-6):
        return None
    conversion = any(math.isclose(max(ratio, 1 / ratio), known, rel_tol=1e-6) for known in _CONVERSIONS)
    return f": they differ by a factor of {max(ratio, 1 / ratio):g}" if conversion or not found.scaled else None
