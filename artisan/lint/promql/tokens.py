"""The words and signs of an expression, with their places."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Grafana's $name, ${name:format}, [[name]]; {window} in a file of objectives.
_VARIABLE = r"\$\{[^}]*\}|\$\w+|\[\[\w+(?::\w+)?\]\]|\{window\}"
_TOKEN = re.compile(
    rf"""(?P<space>\s+|\#[^\n]*)
    |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
    |(?P<variable>{_VARIABLE})
    |(?P<duration>(?:\d+(?:ms|[smhdwy]))+(?![\w]))
    |(?P<number>0[xX][0-9a-fA-F]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<word>[a-zA-Z_:][\w:]*)
    |(?P<sign>==|!=|>=|<=|=~|!~|[-+*/%^<>=@,:(){{}}\[\]])
    |(?P<strange>.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is string, variable, duration, number, word, sign or strange."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """One past the last character."""
        return self.start + len(self.text)


def tokens(expression: str) -> list[Token]:
    """Everything but spaces and comments."""
    return [
        Token(found.lastgroup or "strange", found[0], found.start())
        for found in _TOKEN.finditer(expression)
        if found.lastgroup != "space"
    ]


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def unquoted(literal: str) -> str:
    """The value of a string token; backquotes take everything as it is."""
    if literal[0] == "`":
        return literal[1:-1]

    def replaced(found: re.Match[str]) -> str:
        code = found[1]
        return chr(int(code[1:], 16)) if code[0] in "xuU" and len(code) > 1 else _ESCAPES.get(code, code)

    return re.sub(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U000[0-9a-fA-F]{5}|.)", replaced, literal[1:-1])


def quoted(value: str) -> str:
    """A string token of this value, in double quotes."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def holds_variable(value: str) -> bool:
    """Whether a matcher's value has a part that only Grafana knows."""
    return re.search(r"\$\{?\w|\[\[\w+(?::\w+)?\]\]", value) is not None
