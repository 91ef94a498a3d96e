"""Through recording rules: from a recorded series to the expression that makes it."""

from __future__ import annotations

from dataclasses import replace

from .project import Project
from .promql import Aggregate, Binary, Call, Node, Selector, Subquery, Unary
from .shares import matches

MAX_STEPS = 5
"""Rules may rest on each other in a circle; and one that names the next several times, and so on, grows fast."""
_MAX_EXPANDED = 4  # one that names another twice, and so on, would grow without measure


def recorded(selector: Selector, project: Project) -> list[Node]:
    """The expressions of the rules whose series it selects; none for a series that is scraped, or if one is unread."""
    if project.metrics is not None and project.metrics.get(selector.name) is not None:
        return []
    rules = [
        rule
        for rule in project.recordings.get(selector.name, ())
        if all(matches(m, rule.labels[m.label]) for m in selector.matchers if m.label in rule.labels)
    ]
    trees = [rule.query.tree for rule in rules if rule.query.tree is not None]
    return trees if len(trees) == len(rules) else []


def expanded(node: Node, project: Project, steps: int = 0) -> Node:
    """The expression with each recorded series written out that a single rule makes and no matcher narrows."""
    match node:
        case Selector():
            trees = recorded(node, project) if node.window is None else []
            plain = not node.modifiers and all(matcher.label == "__name__" for matcher in node.matchers)
            if steps >= _MAX_EXPANDED or len(trees) != 1 or not plain:
                return node
            return expanded(trees[0], project, steps + 1)
        case Call():
            return replace(node, arguments=tuple(expanded(argument, project, steps) for argument in node.arguments))
        case Aggregate() | Unary() | Subquery():
            return replace(node, operand=expanded(node.operand, project, steps))
        case Binary():
            left, right = expanded(node.left, project, steps), expanded(node.right, project, steps)
            return replace(node, left=left, right=right)
    return node
