"""label/unknown: a label that the metric never has."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.labels import is_vector, selectors
from artisan.lint.metrics import closest
from artisan.lint.project import Project
from artisan.lint.promql import Aggregate, Binary, Label, Matcher, Node, Selector, walk
from artisan.lint.query import Query

RULE = Rule("label/unknown", Severity.ERROR, "a label that is matched, grouped or joined by can occur")


def check(project: Project) -> Iterator[Finding]:
    """Each label in a matcher, grouping or matching that none of the series below it can have."""
    if project.metrics is None:
        return
    for query, tree in project.trees():
        for node in walk(tree):
            if isinstance(node, Selector):
                yield from _matchers(project, query, node)
            else:
                for label, operands in asked(node):
                    if not any(may_carry(project, operand, label.name) for operand in operands):
                        yield _finding(project, query, label, [s for operand in operands for s in selectors(operand)])


def asked(node: Node) -> Iterator[tuple[Label, tuple[Node, ...]]]:
    """The labels that an operator names, each with the operands of which one must have it."""
    if isinstance(node, Aggregate) and node.grouping is not None:
        yield from ((label, (node.operand,)) for label in node.grouping.labels if not _may_be_anything(label))
    elif isinstance(node, Binary):
        if node.matching is not None:
            for label in node.matching.labels:
                if _may_be_anything(label):
                    continue
                if node.matching.without:
                    yield label, (node.left, node.right)
                else:
                    yield from ((label, (side,)) for side in (node.left, node.right) if is_vector(side))
        one = node.right if node.many == "left" else node.left
        yield from ((label, (one,)) for label in node.include if not _may_be_anything(label))


def may_carry(project: Project, node: Node, label: str) -> bool:
    """Whether some series below has the label, or gets it on the way, though it may be lost later."""
    return any(project.labels(below).has(label) for below in walk(node))


def _may_be_anything(label: Label) -> bool:
    """A variable may stand for any label, and the name is none of those that a metric is described with."""
    return label.name == "__name__" or label.name.startswith(("$", "["))


def _matchers(project: Project, query: Query, selector: Selector) -> Iterator[Finding]:
    series = project.series(selector.name) if selector.name else None
    if series is None or series.metric.open:
        return
    for matcher in selector.matchers:
        # `x=""` asks for series without the label.
        if (
            matcher.label not in series.labels
            and matcher.label != "__name__"
            and (matcher.op, matcher.value) != ("=", "")
        ):
            yield _finding(project, query, matcher, [selector])


def _finding(project: Project, query: Query, label: Label | Matcher, below: list[Selector]) -> Finding:
    name = label.name if isinstance(label, Label) else label.label
    found = [project.series(selector.name) for selector in below]
    known = {known for series in found if series for known in series.labels}
    metrics = ", ".join(dict.fromkeys(f"`{selector.name}`" for selector in below if selector.name)) or "The operand"
    meant = closest(name, known)
    todo = f"Did you mean `{meant}`?" if meant else f"It has {', '.join(sorted(known)) or 'no labels'}."
    node = Node(label.start, label.start + len(name))
    return query.finding(RULE, node, f"{metrics} has no label `{name}`.", todo)
