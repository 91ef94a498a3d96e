"""What a check says: a rule, a place, one sentence what is wrong and one what to do."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from .text import Position, Source, Text


class Severity(enum.StrEnum):
    """An error fails the run, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that lint looks for; docs/lint.md has a section named by its id."""

    id: str
    severity: Severity
    summary: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation of a rule. `subject` is the alert, panel or metric that it is about, as a waiver names it."""

    rule: Rule
    source: Source
    position: Position
    width: int
    what: str
    todo: str
    subject: str = ""
    scope: int = 0
    """The line where the subject begins, or 0: an inline waiver may stand there too."""

    @property
    def quote(self) -> str:
        """The line that the finding is about, or nothing for an empty file."""
        lines = self.source.lines
        return lines[self.position.line - 1] if self.position.line <= len(lines) else ""


def at(rule: Rule, text: Text, what: str, todo: str, *, subject: str = "", scope: int = 0) -> Finding:
    """A finding about a piece of text; the caret spans what of it stands on its first line."""
    position = text.position()
    last = text.position(len(text) - 1) if text else position
    line = text.source.lines[position.line - 1]
    end = last.column if last.line == position.line else len(line.rstrip())
    return Finding(rule, text.source, position, max(1, end - position.column + 1), what, todo, subject, scope)
