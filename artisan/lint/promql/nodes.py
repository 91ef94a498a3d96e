"""The syntax tree of an expression, without parentheses: `start` and `end` count characters of the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression; its span is that of the word, sign or selector that names it."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Label(Node):
    """A label named in a grouping or matching."""

    name: str


@dataclass(frozen=True, slots=True)
class Labels:
    """`by`, `on` (`without` is false) or `without`, `ignoring` (true)."""

    labels: tuple[Label, ...]
    without: bool

    @property
    def names(self) -> frozenset[str]:
        """The names alone."""
        return frozenset(label.name for label in self.labels)


@dataclass(frozen=True, slots=True)
class Matcher(Node):
    """`label op "value"`; `op` is one of = != =~ !~. `open` when a variable makes the value unknown."""

    label: str
    op: str
    value: str
    open: bool
    value_start: int
    """Where the value begins, after its quote; exact as long as the value holds no escape."""


@dataclass(frozen=True, slots=True)
class Window(Node):
    """`[5m]`: seconds, or None for a variable such as $__rate_interval."""

    seconds: float | None


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number; `open` when it stands for a variable."""

    value: float
    open: bool = False


@dataclass(frozen=True, slots=True)
class String(Node):
    """A string, as an argument."""

    value: str


@dataclass(frozen=True, slots=True)
class Selector(Node):
    """Series by name and matchers; `name` is empty when only a matcher (or a variable) tells it."""

    name: str
    matchers: tuple[Matcher, ...]
    window: Window | None = None
    modifiers: tuple[str, ...] = ()
    """`offset 1w` and `@ end()` as they are written, in alphabetical order."""


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function with its arguments."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Aggregate(Node):
    """`sum by (a) (operand)`; `parameter` is the 3 of `topk(3, x)`."""

    name: str
    operand: Node
    parameter: Node | None
    grouping: Labels | None


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """`left op right`. `many` is the side whose labels group_left or group_right keep: left, right or neither."""

    op: str
    left: Node
    right: Node
    returns_bool: bool = False
    matching: Labels | None = None
    many: str = ""
    include: tuple[Label, ...] = ()


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-operand`."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Subquery(Node):
    """`operand[1h:5m]`; its modifiers are those of a selector, and `step 300.0`."""

    operand: Node
    window: Window
    modifiers: tuple[str, ...] = ()


def children(node: Node) -> tuple[Node, ...]:
    """The expressions directly below one."""
    match node:
        case Call():
            return node.arguments
        case Aggregate():
            return (node.operand,) if node.parameter is None else (node.parameter, node.operand)
        case Binary():
            return (node.left, node.right)
        case Unary() | Subquery():
            return (node.operand,)
    return ()


def walk(node: Node) -> Iterator[Node]:
    """The expression and all below it, in the order of the text."""
    waiting = [node]
    while waiting:
        here = waiting.pop()
        yield here
        waiting.extend(reversed(children(here)))
