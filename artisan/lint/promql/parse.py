"""From text to a tree with positions.

promql-parser knows the grammar and the types but tells no positions. It is given the tokens of the text, parted by
single spaces and with variables replaced; what it makes of them is then walked beside the tokens, which stand in the
same order. So the two never disagree about what an expression is, and every node knows its place.
"""

from __future__ import annotations

from typing import Any

import promql_parser

from .invalid import Invalid, refuse
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
    Window,
    children,
)
from .tokens import Token, holds_variable, quoted, tokens, unquoted

MAX_TOKENS = 3000  # beyond some ten thousand levels the parser in Rust overflows its stack
MAX_DEPTH = 150


def parse(expression: str, *, variables: bool = False) -> Node:
    """The tree of an expression; raises Invalid.

    With `variables`, `$name` may stand for a window, a number, a label or a metric, as in a dashboard.
    """
    found = tokens(expression)
    if len(found) > MAX_TOKENS:
        raise Invalid(f"more than {MAX_TOKENS} words and signs", 0, 1, ours=True)
    if not variables:
        for token in found:
            if token.kind == "variable":
                what = f"`{token.text}` is a variable, and only a dashboard has those"
                raise Invalid(what, token.start, token.end, ours=True)
    refuse(found)
    rendered = render(found)
    try:
        tree = promql_parser.parse(" ".join(rendered))
    except (ValueError, OverflowError) as error:
        raise Invalid(" ".join(str(error).split()) or "no PromQL", 0, max(1, len(expression))) from error
    try:
        node = _Walker(found, rendered).node(tree)
    except RecursionError:
        node = None
    if node is None or _depth(node) > MAX_DEPTH:
        raise Invalid(
            f"nested more than {MAX_DEPTH} levels deep; record a part of it by a rule of its own", 0, 1, ours=True
        )
    return node


def _depth(node: Node) -> int:
    """How many levels a tree has; what is built on trees may so recurse without fear."""
    depth, below = 0, [node]
    while below:
        depth, below = depth + 1, [child for parent in below for child in children(parent)]
    return depth


def render(found: list[Token]) -> list[str]:
    """What the parser is given for each token, variables replaced by something of the kind that fits there."""
    rendered: list[str] = []
    brackets = 0
    for index, token in enumerate(found):
        brackets += (token.text == "[") - (token.text == "]")
        if token.kind == "variable":
            rendered.append(_stand_in(found, index, in_brackets=brackets > 0))
        elif token.text.startswith("`"):  # promql-parser takes its backslashes for escapes
            rendered.append(quoted(unquoted(token.text)))
        else:
            rendered.append(token.text)
    return rendered


def _stand_in(found: list[Token], index: int, *, in_brackets: bool) -> str:
    before = found[index - 1].text if index else ""
    after = found[index + 1].text if index + 1 < len(found) else ""
    if in_brackets or before.lower() == "offset":
        return "5m"
    if after in {"{", "["} or in_grouping(found, index):
        return "variable"
    return "1"


def in_grouping(found: list[Token], index: int) -> bool:
    """Whether a token stands between the parentheses of `by (…)` and its kin."""
    for token, before in zip(reversed(found[:index]), reversed(found[: max(0, index - 1)]), strict=False):
        if token.text == "(":
            return before.text.lower() in _GROUPINGS
        if token.text != "," and token.kind not in {"word", "variable"}:
            return False
    return False


_GROUPINGS = {"by", "without", "on", "ignoring", "group_left", "group_right"}


class _Walker:
    """Builds nodes while it passes over the tokens once."""

    def __init__(self, found: list[Token], rendered: list[str]) -> None:
        self._tokens, self._rendered, self._at = found, rendered, 0

    def node(self, tree: Any) -> Node:  # noqa: PLR0911 - a case for each kind
        match tree:
            case promql_parser.ParenExpr():
                self._pass("(")
                inner = self.node(tree.expr)
                self._pass(")")
                return inner
            case promql_parser.NumberLiteral():
                return self._number(tree.val)
            case promql_parser.StringLiteral():
                token = self._until(lambda token, _: token.kind == "string")
                return String(token.start, token.end, tree.val)
            case promql_parser.VectorSelector():
                return self._selector(None)
            case promql_parser.MatrixSelector():
                return self._selector(tree.range.total_seconds())
            case promql_parser.UnaryExpr():
                sign = self._pass("-")
                return Unary(sign.start, sign.end, self.node(tree.expr))
            case promql_parser.SubqueryExpr():
                return self._subquery(tree)
            case promql_parser.Call():
                return self._call(tree)
            case promql_parser.AggregateExpr():
                return self._aggregate(tree)
            case _:
                return self._binary(tree)

    def _peek(self) -> str:
        """The next token; keywords may be written in capitals."""
        return self._rendered[self._at].lower() if self._at < len(self._tokens) else ""

    def _until(self, wanted: Any) -> Token:
        """Pass over the next token that is wanted; signs that the parser has folded away are passed on the way."""
        while not wanted(self._tokens[self._at], self._rendered[self._at]):
            self._at += 1
        self._at += 1
        return self._tokens[self._at - 1]

    def _pass(self, text: str) -> Token:
        return self._until(lambda _, rendered: rendered.lower() == text.lower())

    def _number(self, value: float) -> Number:
        token = self._until(
            lambda token, _: token.kind in {"number", "variable", "duration"} or _is_named_number(token)
        )
        return Number(token.start, token.end, value, token.kind == "variable")

    def _selector(self, seconds: float | None) -> Selector:
        self._until(lambda token, rendered: token.kind in {"word", "variable"} or rendered == "{")
        self._at -= 1
        first = self._tokens[self._at]
        name, matchers, window = "", [], None
        if first.text != "{":
            name = first.text if first.kind == "word" else ""
            self._at += 1
        end = first.end
        if self._peek() == "{":
            matchers = self._matchers()
            quoted_name = next((matcher for matcher in matchers if matcher.label == "__name__"), None)
            if quoted_name and quoted_name.op == "=":
                name = quoted_name.value
            end = first.end if first.text != "{" else self._tokens[self._at - 1].end
        if seconds is not None:
            window = self._window(seconds)
        return Selector(first.start, end, name, tuple(matchers), window, self._modifiers())

    def _matchers(self) -> list[Matcher]:
        self._pass("{")
        found: list[Matcher] = []
        while self._peek() != "}":
            label = self._tokens[self._at]
            self._at += 1
            if self._peek() in {"=", "!=", "=~", "!~"}:
                op, value = self._tokens[self._at].text, self._tokens[self._at + 1]
                self._at += 2
                text = unquoted(value.text)
                name = unquoted(label.text) if label.kind == "string" else label.text
                opened = holds_variable(text)
                found.append(Matcher(label.start, value.end, name, op, text, opened, value.start + 1))
            elif label.kind == "string":  # {"a.metric"}
                name = unquoted(label.text)
                found.append(Matcher(label.start, label.end, "__name__", "=", name, False, label.start + 1))
        self._pass("}")
        return found

    def _window(self, seconds: float) -> Window:
        opening = self._pass("[")
        variable = self._tokens[self._at].kind == "variable"
        closing = self._pass("]")
        return Window(opening.start, closing.end, None if variable else seconds)

    def _modifiers(self) -> tuple[str, ...]:
        """What `offset 5m` and `@ end()` say."""
        found: list[str] = []
        while self._peek() in {"offset", "@"}:
            first = self._at
            self._at += 1
            self._until(lambda token, _: token.kind in {"duration", "number", "variable", "word"})
            if self._peek() == "(" and self._tokens[self._at - 1].text in {"start", "end"}:
                self._pass(")")
            found.append(" ".join(token.text.lower() for token in self._tokens[first : self._at]))
        return tuple(sorted(found))

    def _subquery(self, tree: Any) -> Subquery:
        operand = self.node(tree.expr)
        window = self._window(tree.range.total_seconds())
        step = () if tree.step is None else (f"step {tree.step.total_seconds()}",)
        return Subquery(operand.start, window.end, operand, window, (*self._modifiers(), *step))

    def _call(self, tree: Any) -> Call:
        name = self._pass(tree.func.name)
        self._pass("(")
        arguments = tuple(self.node(argument) for argument in tree.args)
        self._pass(")")
        return Call(name.start, name.end, name.text, arguments)

    def _aggregate(self, tree: Any) -> Aggregate:
        name = self._pass(str(tree.op))
        grouping = self._grouping({"by", "without"})
        self._pass("(")
        parameter = None if tree.param is None else self.node(tree.param)
        operand = self.node(tree.expr)
        self._pass(")")
        return Aggregate(
            name.start, name.end, str(tree.op), operand, parameter, grouping or self._grouping({"by", "without"})
        )

    def _grouping(self, words: set[str]) -> Labels | None:
        if self._peek() not in words:
            return None
        word = self._peek()
        self._at += 1
        return Labels(self._labels(), word in {"without", "ignoring"})

    def _labels(self) -> tuple[Label, ...]:
        self._pass("(")
        found: list[Label] = []
        while self._peek() != ")":
            token = self._tokens[self._at]
            if token.text != ",":
                name = unquoted(token.text) if token.kind == "string" else token.text
                found.append(Label(token.start, token.end, name))
            self._at += 1
        self._pass(")")
        return tuple(found)

    def _binary(self, tree: Any) -> Binary:
        left = self.node(tree.lhs)
        sign = self._pass(str(tree.op))
        returns_bool = self._peek() == "bool"
        self._at += returns_bool
        matching = self._grouping({"on", "ignoring"})
        many, include = "", tuple[Label, ...]()
        if self._peek() in {"group_left", "group_right"}:
            many = self._peek().removeprefix("group_")
            self._at += 1
            include = self._labels() if self._peek() == "(" else ()
        right = self.node(tree.rhs)
        return Binary(sign.start, sign.end, str(tree.op), left, right, returns_bool, matching, many, include)


def _is_named_number(token: Token) -> bool:
    return token.kind == "word" and token.text.lower() in {"inf", "nan"}
