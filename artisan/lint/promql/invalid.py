"""What makes a text no expression, and that which promql-parser must not be given: it panics, or reads it otherwise."""

from __future__ import annotations

import math
import re

from .tokens import Token

_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_LONGEST = 292 * _SECONDS["y"]  # Prometheus counts nanoseconds in 64 bits


class Invalid(Exception):
    """An expression that is none: a sentence, and the characters that it is about.

    `ours` is a limit or rule of lint itself, on which no other program has a say.
    """

    def __init__(self, what: str, start: int, end: int, *, ours: bool = False) -> None:
        super().__init__(what)
        self.start, self.end = start, end
        self.ours = ours


def refuse(found: list[Token]) -> None:
    """Raise Invalid for a string that does not end on its line, and for a time that no clock can count."""
    brackets, after = 0, ""
    for token in found:
        brackets += (token.text == "[") - (token.text == "]")
        if token.kind == "strange" and token.text in {'"', "'", "`"}:
            raise Invalid("this string does not end on its line", token.start, token.end, ours=True)
        if (brackets > 0 or after == "offset") and _seconds(token.text.lower().lstrip(":")) > _LONGEST:
            raise Invalid(f"`{token.text}` is no time that can be counted", token.start, token.end, ours=True)
        if token.text not in {"-", "+"}:
            after = token.text.lower()


def _seconds(text: str) -> float:
    """How long a duration or a number of seconds is; 0 for what is neither."""
    if re.fullmatch(r"(?:\d+(?:ms|[smhdwy]))+", text):
        return sum(float(count) * _SECONDS[unit] for count, unit in re.findall(r"(\d+)(ms|[smhdwy])", text))
    try:
        return math.inf if text == "nan" else float(text)
    except ValueError:
        return 0
