"""Text that remembers where in which file it stands, so that a finding can quote the line and put a caret under it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self


class Position(NamedTuple):
    """A place in a file; both count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """A file: `path` as findings show it, and its whole content."""

    path: str
    content: str

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return self.content.split("\n")

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self.lines[:-1]:
            starts.append(starts[-1] + len(line) + 1)
        return starts

    def position(self, index: int) -> Position:
        """Where the character `index` of the content stands."""
        line = bisect_right(self._starts, index)
        return Position(line, index - self._starts[line - 1] + 1)

    def slice(self, start: int, end: int) -> Text:
        """A piece of the content as it is written."""
        return Text.of(self.content[start:end], self, start, end)


class Text(str):  # noqa: SLOT000 - it remembers its places once they are asked for
    """A value that was read from `source[start:end]`, where quotes, escapes and indentation may part its characters.

    `escapes` says that a backslash in the file is not a character of the value.
    """

    source: Source
    start: int
    end: int
    escapes: bool

    @classmethod
    def of(cls, value: str, source: Source, start: int, end: int, *, escapes: bool = False) -> Self:
        """The value with its place."""
        text = cls(value)
        text.source, text.start, text.end, text.escapes = source, start, end, escapes
        return text

    @classmethod
    def joined(cls, first: Text, *others: str) -> Self:
        """Several values as one, each with its own place; a plain string stands where the text before it ends."""
        text = cls.of("".join((first, *others)), first.source, first.start, first.end)
        places: list[int] = []
        for piece in (first, *others):
            places += piece._places if isinstance(piece, Text) else [places[-1] if places else first.start] * len(piece)
        text.__dict__["_places"] = places
        return text

    def part(self, start: int, end: int) -> Text:
        """Some of the characters, with their own place."""
        places = self._places
        first = places[start] if start < len(places) else self.end
        last = places[end - 1] + 1 if start < end <= len(places) else first
        return Text.of(self[start:end], self.source, first, last, escapes=self.escapes)

    def position(self, offset: int = 0) -> Position:
        """Where the character `offset` of the value stands in the file."""
        places = self._places
        return self.source.position(places[offset] if offset < len(places) else max(self.start, self.end - 1))

    @cached_property
    def _places(self) -> list[int]:
        """For each character of the value, its index in the file.

        Both are walked side by side. A space of the value may be a line break with indentation in the file, so the
        spaces of the file are passed over until the next character that can be seen.
        """
        raw, places, here = self.source.content, [], self.start
        for character in self:
            if not character.isspace():
                here = self._next(character, here)
            places.append(min(here, max(self.start, self.end - 1)))
            if self.escapes and raw.startswith("\\", here):
                here += _escape_length(raw, here)
            elif here < self.end and (raw[here] == character or raw[here].isspace()):
                here += 1
        return places

    def _next(self, character: str, here: int) -> int:
        """Where a character that can be seen stands at the earliest; `here` if it is nowhere."""
        raw, found = self.source.content, here
        while found < self.end and raw[found] != character:
            if self.escapes and raw[found] == "\\" and raw[found + 1] != "\n":
                return found  # this is how it is written
            found += 1
        return found if found < self.end else here


def _escape_length(raw: str, index: int) -> int:
    """The length of the escape at `index`; two of JSON's may make one character."""
    length = {"x": 4, "u": 6, "U": 10}.get(raw[index + 1 : index + 2], 2)
    return 12 if raw[index + 1 : index + 4].lower() in {"ud8", "ud9", "uda", "udb"} else length
