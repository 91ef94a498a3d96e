"""zero/absence: an alert on `x == 0` that is silent when x is gone."""

from __future__ import annotations

from collections.abc import Iterator

from artisan.lint.constants import constant
from artisan.lint.finding import Finding, Rule, Severity
from artisan.lint.labels import selectors
from artisan.lint.project import Project
from artisan.lint.promql import Aggregate, Binary, Call, Node, Selector, walk
from artisan.lint.sources.rules import RuleFile

RULE = Rule("zero/absence", Severity.ERROR, "an alert on a zero has its absence beside it")
_ABSENT = {"absent", "absent_over_time"}


def check(project: Project) -> Iterator[Finding]:
    """Each `x == 0` of an alert in whose file nothing rings when x is not there at all."""
    for file in project.rule_files:
        watched = _watched(file)
        for alert in file.alerts:
            if alert.query.tree is None:
                continue
            for comparison in _zeros(alert.query.tree):
                names = [selector.name for selector in selectors(comparison) if selector.name]
                if names and not watched & set(names):
                    what = f"When `{names[0]}` is gone, `== 0` is silent: what is not there is not zero."
                    todo = f"Add `or absent({names[0]}{{…}})`, here or in an alert of its own."
                    yield alert.query.finding(RULE, comparison, what, todo)


def _zeros(node: Node) -> Iterator[Binary]:
    """The comparisons with zero that make an alert ring; not those that only keep it from ringing."""
    match node:
        case Binary(op="==") if 0 in {constant(node.left), constant(node.right)}:
            yield node
        case Binary(op="and" | "or"):
            yield from _zeros(node.left)
            yield from _zeros(node.right)
        case Binary(op="unless"):
            yield from _zeros(node.left)
        case Aggregate():
            yield from _zeros(node.operand)


def _watched(file: RuleFile) -> set[str]:
    """The metrics whose absence some alert of the file notices."""
    found: set[str] = set()
    for alert in file.alerts:
        for node in walk(alert.query.tree) if alert.query.tree is not None else ():
            match node:
                case Call(name=name) if name in _ABSENT:
                    found |= _names(node)
                case Binary(op="unless"):
                    found |= _names(node.right)
                case Binary(op="or") if constant(node.right) is not None:
                    found |= _names(node.left)
    return found


def _names(node: Node) -> set[str]:
    return {found.name for found in walk(node) if isinstance(found, Selector) and found.name}
