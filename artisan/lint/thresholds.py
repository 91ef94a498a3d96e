"""Comparisons with a number: those of expressions, and the colours of panels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .constants import constant
from .finding import Finding, Rule, at
from .project import Project
from .promql import Binary, Node, walk
from .query import Query
from .shares import COMPARISONS
from .sources.dashboards import Panel

_FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}


@dataclass(frozen=True, slots=True)
class Threshold:
    """`operand op value`, where it stands, and whether it is a panel's colour instead of an expression's comparison."""

    query: Query
    operand: Node
    op: str
    value: float
    node: Node
    panel: Panel | None = None

    def finding(self, rule: Rule, what: str, todo: str) -> Finding:
        """About the number, or about the panel whose colour it is."""
        if self.panel is not None:
            return at(rule, self.panel.place, what, todo, subject=self.panel.title)
        return self.query.finding(rule, self.node, what, todo)


def thresholds(project: Project) -> Iterator[Threshold]:
    """All of a project."""
    for query, tree in project.trees():
        yield from compared(query, tree)
    for dashboard in project.dashboards:
        for panel in dashboard.panels:
            for query in panel.queries:
                if query.tree is not None:
                    for value in panel.thresholds:
                        yield Threshold(query, query.tree, ">=", value, query.tree, panel)


def compared(query: Query, tree: Node) -> Iterator[Threshold]:
    """The comparisons of an expression."""
    for node in walk(tree):
        if isinstance(node, Binary) and node.op in COMPARISONS:
            left, right = constant(node.left), constant(node.right)
            if right is not None and left is None:
                yield Threshold(query, node.left, node.op, right, _span(node.right))
            elif left is not None and right is None:
                yield Threshold(query, node.right, _FLIPPED.get(node.op, node.op), left, _span(node.left))


def _span(number: Node) -> Node:
    """The whole of `4 * 1024 ^ 3`, for the caret."""
    parts = list(walk(number))
    return Node(min(part.start for part in parts), max(part.end for part in parts))
