"""A measurement of one subject: its rows, and how they were taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .row import Row


@dataclass(frozen=True, slots=True)
class Group:
    """`measure(quick)` takes the measurement; `method` tells a reader how, as Markdown."""

    key: str
    """What `--only` calls it."""
    title: str
    method: str
    measure: Callable[[bool], Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Measured:
    """A group with what came out of it."""

    group: Group
    rows: Sequence[Row]
