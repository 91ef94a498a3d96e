"""The label sets of many files as the rows of one table for each metric, and where each file has its numbers."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from backend.core.monitoring.metrics.description import Description

from .file_reader import FileReader
from .record import Kind, Record

_STEP = 400  # records that are taken in at once: well under a millisecond


class Rows:
    """The label sets of one metric, each with its number."""

    def __init__(self, description: Description) -> None:
        self.description = description
        self.texts: list[bytes] = []
        self._numbers: dict[bytes, int] = {}

    def number(self, text: bytes) -> int:
        """The row of a label set, new at the end."""
        number = self._numbers.setdefault(text, len(self.texts))
        if number == len(self.texts):
            self.texts.append(text)
        return number


class Part(NamedTuple):
    """Where one file has the numbers of one metric, and the rows that they belong to."""

    rows: Rows
    cells: array[int]
    targets: array[int]
    exemplar_cells: array[int]
    exemplar_targets: array[int]

    def until(self, place: int) -> Part:
        """What is before a place of the file, counted in cells."""
        cells, of_exemplars = bisect_left(self.cells, place), bisect_left(self.exemplar_cells, place)
        return Part(
            self.rows,
            self.cells[:cells],
            self.targets[:cells],
            self.exemplar_cells[:of_exemplars],
            self.exemplar_targets[:of_exemplars],
        )


Parts = dict[int, Part | None]
"""Those of one file, by the number that a metric has there; None for a metric that does not fit."""


class Merged:
    """The rows of all metrics that some file has; it only grows, and remembers what it has taken in of each file."""

    def __init__(self, descriptions: Iterable[Description]) -> None:
        self._rows = {description.name: Rows(description) for description in descriptions}
        self._parts: dict[FileReader, Parts] = {}

    def declare(self, description: Description) -> None:
        """Know a metric, before a file tells of another one by this name."""
        self._rows.setdefault(description.name, Rows(description))

    def rows(self) -> Iterable[Rows]:
        """Those of every metric that is known."""
        return self._rows.values()

    def parts(self, reader: FileReader) -> Parts:
        """What has been taken in of a file; it stays with who has asked for it, though the file be forgotten."""
        return self._parts.setdefault(reader, {})

    def take_in(self, reader: FileReader, parts: Parts) -> Iterator[str]:
        """Take in what a file has new, in steps; yields "" after each, or the name of a metric that does not fit.

        Raises TornError where the file is damaged: what stands before that is taken in.
        """
        if not reader.length:
            self._take_in_like_others(reader, parts)
            yield ""
        for count, record in enumerate(reader.records(), 1):
            if record.kind is not Kind.CONTAINS:
                if record.metric not in parts:
                    parts[record.metric] = part = self._part(reader.metrics[record.metric])
                    if part is None:
                        yield reader.metrics[record.metric].name
                _place(parts[record.metric], record)
            if count % _STEP == 0:
                yield ""

    def forget(self, readers: Iterable[FileReader]) -> None:
        """Forget all files but these."""
        self._parts = {reader: self._parts[reader] for reader in readers if reader in self._parts}

    @property
    def wasted(self) -> bool:
        """Whether most rows are of files that are gone."""
        rows = sum(len(rows.texts) for rows in self._rows.values())
        used = sum(len(part.cells) for parts in self._parts.values() for part in parts.values() if part)
        return rows > 1000 and rows > 2 * used

    def _take_in_like_others(self, reader: FileReader, parts: Parts) -> None:
        """A new file, as far as it begins like the longest that is known."""
        of_its_kind = (other for other in self._parts if other.kind is reader.kind)
        known = max(of_its_kind, key=lambda other: other.length, default=reader)
        if not known.length or None in self._parts[known].values():  # what does not fit is told of each file
            return
        place = reader.skip_like(known)
        for metric, part in self._parts[known].items():
            if part is not None and metric < len(reader.metrics):
                parts[metric] = part.until(place)

    def _part(self, description: Description) -> Part | None:
        rows = self._rows.setdefault(description.name, Rows(description))
        known = rows.description
        if (known.type, known.buckets, known.across) != (description.type, description.buckets, description.across):
            return None
        return Part(rows, array("q"), array("q"), array("q"), array("q"))


def _place(part: Part | None, record: Record) -> None:
    if part is None:
        return
    row = part.rows.number(record.text)
    if record.kind is Kind.SERIES:
        part.cells.append(record.cell)
        part.targets.append(row)
    elif record.kind is Kind.EXEMPLARS:
        part.exemplar_cells.append(record.cell)
        part.exemplar_targets.append(row)
