"""Labels: which names a metric declares, which values they are given, and how a set of them is written.

A label set is kept as the text between the braces of the exposition, `method="GET",status="200"`: two sets that would
look the same to a scraper are the same set.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin, get_type_hints

from .description import Values

OVERFLOW = "_overflow"
LONGEST_VALUE = 256
"""Characters. A longer value is cut: some come from outside, and each is kept as long as the process lives."""

_ESCAPED = re.compile(rb'[\\"\n]')
_ESCAPES = {b"\\": b"\\\\", b'"': b'\\"', b"\n": b"\\n"}
_VALUE = re.compile(rb'(\w+)="((?:[^"\\]|\\.)*)"')
_UNESCAPED = re.compile(rb"\\(.)", re.DOTALL)

Declared = Sequence[str] | Callable[..., tuple[str, ...]]
"""The names in order, or a NamedTuple of them: with that, mypy knows each name and the values of each `Literal`."""


def read_declared(declared: Declared, values: Values) -> tuple[tuple[str, ...], Values]:
    """The names, and all values of those that are bounded; raises TypeError when it is neither names nor NamedTuple."""
    if isinstance(declared, Sequence) and not isinstance(declared, str):
        return tuple(declared), values
    names = getattr(declared, "_fields", None)
    if names is None:
        raise TypeError(f"labels are a sequence of names or a NamedTuple, not {declared!r}")
    hints = get_type_hints(declared)
    literals = {name: get_args(hints[name]) for name in names if get_origin(hints[name]) is Literal}
    return tuple(names), {**literals, **values}


def arrange(names: tuple[str, ...], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
    """The values in the order of `names`; raises ValueError on a wrong, missing or doubled name."""
    by_name = names[len(args) :]
    if len(args) > len(names) or kwargs.keys() != set(by_name):
        given = [f"{len(args)} by position"] * bool(args) + sorted(kwargs)
        raise ValueError(f"expected the labels {', '.join(names) or '(none)'}; got {', '.join(given) or 'none'}")
    return (*args, *(kwargs[name] for name in by_name))


def clean(value: object) -> str:
    """A value as it can be shown: text, valid UTF-8, not endless."""
    text = value if isinstance(value, str) else str(value)
    if len(text) > LONGEST_VALUE:
        text = text[: LONGEST_VALUE - 1] + "…"
    # Lone surrogates are what the file system's undecodable bytes become.
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def write(names: Sequence[str], values: Sequence[str]) -> bytes:
    """The text of a label set whose values are clean."""
    return b",".join(
        b'%b="%b"' % (name.encode(), _ESCAPED.sub(lambda found: _ESCAPES[found[0]], value.encode()))
        for name, value in zip(names, values, strict=True)
    )


def read(text: bytes) -> dict[str, str]:
    """The label set of a text that `write` has made."""
    return {name.decode(): _unescape(value).decode() for name, value in _VALUE.findall(text)}


def _unescape(value: bytes) -> bytes:
    return _UNESCAPED.sub(lambda found: b"\n" if found[1] == b"n" else found[1], value)


def overflow(names: Sequence[str], values: Sequence[str], bounded: Values) -> tuple[str, ...]:
    """The set that stands for all that a metric has no room for; a bounded label, such as `status`, is kept."""
    return tuple(
        value if value in bounded.get(name, ()) else OVERFLOW for name, value in zip(names, values, strict=True)
    )
