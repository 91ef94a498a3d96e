"""A PromQL expression with the place where it stands and the thing that it belongs to."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from .finding import Finding, Rule, at
from .promql import Node
from .promql.invalid import Invalid
from .promql.parse import parse
from .text import Text


class Kind(enum.Enum):
    """What an expression is for."""

    ALERT = "alert"
    RECORD = "recording rule"
    PANEL = "panel"
    VARIABLE = "variable"
    OBJECTIVE = "objective"
    DOCUMENT = "document"


@dataclass(frozen=True, eq=False)
class Query:
    """`subject` is the name of what it belongs to; `scope` the line where that begins. `tree` is None if it is invalid.

    `uses` are labels that its result is asked for, with their places: by a legend, an annotation or a variable.
    """

    text: Text
    kind: Kind
    subject: str
    scope: int
    tree: Node | None = None
    invalid: Invalid | None = None
    uses: tuple[tuple[str, Text], ...] = field(default=())

    def finding(self, rule: Rule, node: Node | tuple[int, int], what: str, todo: str) -> Finding:
        """A finding about a part of the expression."""
        start, end = (node.start, node.end) if isinstance(node, Node) else node
        return at(rule, self.text.part(start, end), what, todo, subject=self.subject, scope=self.scope)

    def finding_at(self, rule: Rule, text: Text, what: str, todo: str) -> Finding:
        """A finding about something beside the expression, such as its legend."""
        return at(rule, text, what, todo, subject=self.subject, scope=self.scope)


def query(text: Text, kind: Kind, subject: str, *, scope: int = 0, uses: tuple[tuple[str, Text], ...] = ()) -> Query:
    """Read an expression; one that does not parse is kept with its error."""
    variables = kind in {Kind.PANEL, Kind.VARIABLE, Kind.OBJECTIVE}
    scope = scope or text.position().line
    try:
        return Query(text, kind, subject, scope, tree=parse(text, variables=variables), uses=uses)
    except Invalid as error:
        return Query(text, kind, subject, scope, invalid=error, uses=uses)
