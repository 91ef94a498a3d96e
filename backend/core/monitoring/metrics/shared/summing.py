"""Adding up: the numbers of many files as one table for each metric."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np

from backend.core.monitoring.metrics import exemplars
from backend.core.monitoring.metrics.exemplars import Exemplar
from backend.core.monitoring.metrics.memory import Floats
from backend.core.monitoring.metrics.table import Table

from .combining import combined
from .file_reader import FileReader
from .merging import Part, Parts, Rows


class Sums:
    """The sum of the files that have been added so far."""

    def __init__(self, *, with_exemplars: bool) -> None:
        self._with_exemplars = with_exemplars
        self._sums: dict[str, _Sum] = {}

    def add(self, reader: FileReader, parts: Parts) -> None:
        """Add the numbers that a file has at this moment. States of the dead are left out."""
        alive, numbers = reader.alive, reader.numbers()
        for part in parts.values():
            if part is not None and (alive or part.rows.description.type != "gauge"):
                total = self._of(part.rows)
                total.add(part, numbers)
                if self._with_exemplars and part.exemplar_cells:
                    total.add_exemplars(part, reader)

    def tables(self, rows: Iterable[Rows]) -> dict[str, Table]:
        """The sums by metric, also of metrics that no file has."""
        return {each.description.name: self._of(each).table() for each in rows}

    def _of(self, rows: Rows) -> _Sum:
        name = rows.description.name
        if name not in self._sums:
            self._sums[name] = _Sum(rows)
        return self._sums[name]


class _Sum:
    """The numbers of one metric, added up over files."""

    def __init__(self, rows: Rows) -> None:
        self._rows, self._description = rows, rows.description
        self._values = np.zeros((0, self._description.cells))
        self._present = np.zeros(0, np.bool_)
        self._exemplars: dict[tuple[int, int], Exemplar] = {}

    def add(self, part: Part, numbers: Floats) -> None:
        """Add what one file has. No label set is in a file twice, so each target is met once."""
        self._make_room()
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

    def _make_room(self) -> None:
        """For the rows that there are by now."""
        if more := len(self._rows.texts) - len(self._values):
            self._values = np.concatenate([self._values, np.zeros((more, self._description.cells))])
            self._present = np.concatenate([self._present, np.zeros(more, np.bool_)])

    def table(self) -> Table:
        """All label sets that some file still tells of."""
        return Table(self._description, self._rows.texts, self._values, self._present, self._exemplars)


def take(numbers: Floats, cells: array[int], count: int) -> Floats:
    """`count` numbers from each place on, as a row each: each number is loaded whole, while others store there."""
    starts = np.array(cells, np.int64)
    taken: Floats = numbers[starts[:, None] + np.arange(count)]
    return taken
