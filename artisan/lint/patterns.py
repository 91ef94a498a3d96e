"""Regular expressions of matchers: what they choose among, and whether Python can try them in bounded time.

Prometheus' RE2 takes time in proportion to the text. Python's `re` goes back and forth, for `(a+)+b` longer than
anybody waits, so what may cost too much is not tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_MOST_STEPS = 1e7
_MOST_REPEATED = 12
"""Characters; each may double the work where a repeated group repeats something itself."""
_REPEATS = "*+{"


def alternatives(pattern: str) -> Iterator[tuple[str, int, int]]:
    """Each of `a|b`, `(a|b)`, `^(?:a|b)$` and `x(a|b)y` as a pattern, with the place and length of the alternative."""
    for piece, start in _split(pattern):
        group = _group(piece)
        if group is None:
            yield piece, start, len(piece)
            continue
        first, last = group
        before = piece[:first].removesuffix("?:").removesuffix("(")
        after = piece[last + 1 :]
        whole = before in {"", "^"} and after in {"", "$"}
        inner = (
            alternatives(piece[first:last]) if whole else ((alt, at, len(alt)) for alt, at in _split(piece[first:last]))
        )
        for alternative, at, length in inner:
            yield f"{before}{alternative}{after}", start + first + at, length


def can_match(pattern: str, values: Sequence[str]) -> bool:
    """Whether one of the values is matched as a whole; true as well when nobody can tell."""
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return True  # another dialect than Python's
    if _is_costly(pattern, values):
        return True
    return any(compiled.fullmatch(value) for value in values)


def _is_costly(pattern: str, values: Sequence[str]) -> bool:
    longest = max(map(len, values), default=0)
    marks = [(index, character) for index, character, in_class in _characters(pattern) if not in_class]
    repeated = [index for index, character in marks if character in _REPEATS]
    if any(index and pattern[index - 1] == ")" for index in repeated) and longest > _MOST_REPEATED:
        return True
    return float(len(values)) * float(longest + 1) ** min(len(repeated), 30) > _MOST_STEPS


def _split(pattern: str) -> Iterator[tuple[str, int]]:
    """The parts between `|` outside of all brackets, with their places."""
    depth = start = 0
    for index, character, in_class in _characters(pattern):
        if in_class:
            continue
        depth += (character == "(") - (character == ")")
        if character == "|" and depth == 0:
            yield pattern[start:index], start
            start = index + 1
    yield pattern[start:], start


def _group(piece: str) -> tuple[int, int] | None:
    """Where the inside of the first group of alternatives begins and ends, unless it is repeated or optional."""
    depth, first = 0, -1
    for index, character, in_class in _characters(piece):
        if in_class or character not in "()":
            continue
        depth += 1 if character == "(" else -1
        if character == "(" and depth == 1:
            first = index + 1
        elif character == ")" and depth == 0 and first >= 0:
            inside = piece[first:index]
            plain = not inside.startswith("?") or inside.startswith("?:")
            if plain and piece[index + 1 : index + 2] not in {"*", "+", "?", "{"} and len([*_split(inside)]) > 1:
                return first + (2 if inside.startswith("?:") else 0), index
            first = -1
    return None


def _characters(pattern: str) -> Iterator[tuple[int, str, bool]]:
    """Each character that is not escaped, with its place and whether it stands in a `[class]`."""
    in_class, index = False, 0
    while index < len(pattern):
        character = pattern[index]
        if character == "\\":
            index += 2
            continue
        yield index, character, in_class
        if not in_class and character == "[":
            in_class = True
            # A bracket that closes is an ordinary one right behind the first.
            index += 1 + (pattern[index + 1 : index + 2] == "^")
            index += pattern[index : index + 1] == "]"
            continue
        in_class = in_class and character != "]"
        index += 1
