"""PromQL with positions: promql-parser says what an expression means, the tokens say where each part of it stands."""

from .invalid import Invalid
from .nodes import (
    Aggregate,
    Binary,
    Call,
    Label,
    Labels,
    Matcher,
    Node,
    Number,
    Selector,
    String,
    Subquery,
    Unary,
    walk,
)
from .parse import parse

__all__ = [
    "Aggregate",
    "Binary",
    "Call",
    "Invalid",
    "Label",
    "Labels",
    "Matcher",
    "Node",
    "Number",
    "Selector",
    "String",
    "Subquery",
    "Unary",
    "parse",
    "walk",
]
