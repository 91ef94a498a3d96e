"""What is wrong with an expression that does not parse, in the best words to be had, and where.

promtool's are the best: it names the place. Where there is no promtool, a look at the brackets and at the neighbours of
each sign finds most mistakes; what is left is told in the parser's own words.
"""

from __future__ import annotations

import json
import re
import tempfile
from itertools import zip_longest
from pathlib import Path

from .invalid import Invalid
from .parse import in_grouping, render
from .promtool import refusal
from .tokens import Token, tokens

_PLACE = re.compile(r"could not parse expression: (\d+):(\d+): parse error: ([^\n]*)")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_CLOSED = {opening: closing for closing, opening in _PAIRS.items()}
_WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "bool", "offset", "start", "end", "and", "or"}
_WORDS |= {"unless", "atan2"}
_INFIX = {"+", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "and", "or", "unless"}


def explain(expression: str, error: Invalid, promtool: Path | None) -> Invalid | None:
    """The error in better words; None when promtool accepts what our parser did not understand."""
    if error.ours:
        return error
    found = tokens(expression)
    told = _unbalanced(found)
    if told is None and promtool is not None and found:
        verdict = _ask(promtool, found)
        if verdict is None:
            return None
        told = verdict if verdict.args[0] else None
    return told or _neighbours(found) or _named(found, error) or error


def _ask(promtool: Path, found: list[Token]) -> Invalid | None:
    """promtool's verdict: None when it accepts; without words when it cannot be run."""
    rule = {"record": "lint", "expr": " ".join(render(found))}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rule.json"  # JSON is YAML
        path.write_text(json.dumps({"groups": [{"name": "lint", "rules": [rule]}]}), encoding="utf-8")
        words = refusal(promtool, path)
    if words == "":
        return None
    said = _PLACE.search(words or "")
    if said is None:
        return Invalid("", 0, 1)
    token = _token_at(found, int(said[2]))
    return Invalid(said[3].strip(), token.start, token.end)


def _token_at(found: list[Token], column: int) -> Token:
    """The token at a column of the text that promtool was given."""
    end = 0
    for token, text in zip(found, render(found), strict=True):
        end += len(text) + 1
        if column <= end:
            return token
    return found[-1]


def _unbalanced(found: list[Token]) -> Invalid | None:
    """The bracket that is never closed, or was never opened."""
    opened: list[Token] = []
    for token in found:
        if token.text in _CLOSED:
            opened.append(token)
        elif token.text in _PAIRS:
            if not opened or opened[-1].text != _PAIRS[token.text]:
                return Invalid(f"`{token.text}` closes nothing", token.start, token.end)
            opened.pop()
    return Invalid(f"`{opened[-1].text}` is never closed", opened[-1].start, opened[-1].end) if opened else None


def _neighbours(found: list[Token]) -> Invalid | None:
    """A sign without a right side, or two operands without a sign between them."""
    for index, (token, after) in enumerate(zip_longest(found, found[1:])):
        if token.kind == "strange":
            return Invalid(f"`{token.text}` is not part of the language", token.start, token.end)
        if token.text in _INFIX and (after is None or after.text in _INFIX or after.text in _PAIRS):
            return Invalid(f"nothing stands to the right of `{token.text}`", token.start, token.end)
        ends = _is_operand(token) or (token.text == ")" and not in_grouping(found, index))
        if ends and after is not None and _is_operand(after):
            return Invalid(f"`{after.text}` follows without a sign between", after.start, after.end)
    return None


def _is_operand(token: Token) -> bool:
    return token.kind in {"number", "string"} or (token.kind == "word" and token.text not in _WORDS)


def _named(found: list[Token], error: Invalid) -> Invalid | None:
    """The place of the word that the parser names."""
    names = re.findall(r"'([^']+)'", str(error))
    place = next((token for name in names for token in found if token.text == name), None)
    return Invalid(str(error), place.start, place.end) if place else None
