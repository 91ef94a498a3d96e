"""Adding up: the label sets of many files as the rows of one table for each metric."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from backend.core.monitoring.metrics import exemplars
from backend.core.monitoring.metrics.description import Description
from backend.core.monitoring.metrics.exemplars import Exemplar
from backend.core.monitoring.metrics.memory import Floats
from backend.core.monitoring.metrics.table import Table

from .combining import combined
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


class Merged:
    """The rows of all metrics that some file has; it only grows, and remembers what it has taken in of each file."""

    def __init__(self, descriptions: Iterable[Description]) -> None:
        self._rows = {description.name: Rows(description) for description in descriptions}
        self._parts: dict[FileReader, dict[int, Part | None]] = {}

    def declare(self, description: Description) -> None:
        """Know a metric, before a file tells of another one by this name."""
        self._rows.setdefault(description.name, Rows(description))

    def take_in(self, reader: FileReader) -> Iterator[str]:
        """Take in what a file has new, in steps; yields "" after each, or the name of a metric that does not fit.

        Raises TornError where the file is damaged: what stands before that is taken in.
        """
        parts = self._parts.setdefault(reader, {})
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

    def tables(self, readers: Iterable[FileReader], *, exemplars: bool) -> dict[str, Table]:
        """The numbers of this moment, by metric; files must have been taken in. States of the dead are left out."""
        sums = {name: _Sum(rows) for name, rows in self._rows.items()}
        for reader in readers:
            alive, numbers = reader.alive, reader.numbers()
            for part in self._parts.get(reader, {}).values():
                if part is not None and (alive or part.rows.description.type != "gauge"):
                    total = sums[part.rows.description.name]
                    total.add(part, numbers)
                    if exemplars and part.exemplar_cells:
                        total.add_exemplars(part, reader)
        return {name: total.table() for name, total in sums.items()}

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


class _Sum:
    """The numbers of one metric, added up over files."""

    def __init__(self, rows: Rows) -> None:
        self._rows, count = rows, len(rows.texts)
        self._description = rows.description
        self._values = np.zeros((count, self._description.cells))
        self._present = np.zeros(count, np.bool_)
        self._exemplars: dict[tuple[int, int], Exemplar] = {}

    def add(self, part: Part, numbers: Floats) -> None:
        """Add what one file has. No label set is in a file twice, so each target is met once."""
        targets = np.array(part.targets, np.int64)
        found = take(numbers, part.cells, self._description.cells)
        self._present[targets] = True
        self._values[targets] = combined(self._description.across, self._values[targets], found)

    def add_exemplars(self, part: Part, reader: FileReader) -> None:
        """The latest exemplar of each bucket stays."""
        buckets = len(self._description.buckets) + 1
        for cell, row in zip(part.exemplar_cells, part.exemplar_targets, strict=True):
            record = reader.bytes_at(cell, buckets * exemplars.CELLS)
            for bucket, found in exemplars.unpack_all(record):
                known = self._exemplars.get((row, bucket))
                if known is None or known.at < found.at:
                    self._exemplars[row, bucket] = found

    def table(self) -> Table:
        """All label sets that some file still tells of."""
        return Table(self._description, self._rows.texts, self._values, self._present, self._exemplars)


def take(numbers: Floats, cells: array[int], count: int) -> Floats:
    """`count` numbers from each place on, as a row each: each number is loaded whole, while others store there."""
    starts = np.array(cells, np.int64)
    taken: Floats = numbers[starts[:, None] + np.arange(count)]
    return taken
