"""Reading a file of metrics while its worker writes.

Nothing is locked: the valid part only grows, each number in it is stored and loaded whole (eight bytes that lie on a
multiple of eight), and the records in it never change.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from backend.core.monitoring.metrics.description import Description
from backend.core.monitoring.metrics.memory import Floats

from .record import (
    END,
    HEADER_SIZE,
    FileKind,
    ForeignError,
    Kind,
    Record,
    TornError,
    unpack_description,
    unpack_header,
    unpack_record,
)


class FileReader:
    """One file, open as long as this object lives. Raises OSError, ForeignError or TornError when it cannot be read."""

    _bytes: memoryview

    def __init__(self, path: Path, service: bytes) -> None:
        self.path = path
        self._alive = True
        self.metrics: list[Description] = []
        self._offset = HEADER_SIZE
        self._begins, self._cells = array("q"), array("q")  # of each record, counted in cells
        self._declarations = array("q")  # where those of the records begin that go to `metrics`
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        header = unpack_header(os.pread(self._descriptor, HEADER_SIZE, 0))
        if header.service != service:
            raise ForeignError("it belongs to another service")
        self.kind = header.kind
        self._map(header.end)

    def __del__(self) -> None:
        """Close the file."""
        if hasattr(self, "_descriptor"):
            os.close(self._descriptor)

    @property
    def identity(self) -> tuple[int, int]:
        """Tells this file from any other that had or will have its name, while it is open."""
        return identity_of(os.fstat(self._descriptor))

    def is_still_there(self) -> bool:
        """Whether its path still leads to this very file."""
        try:
            return identity_of(self.path.stat()) == self.identity
        except FileNotFoundError:
            return False

    @property
    def alive(self) -> bool:
        """Whether its worker lives, which is to say: holds its lock. Who is dead stays so."""
        if self._alive:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            self._alive = False
        return self.kind is FileKind.WORKER and self._alive

    def records(self) -> Iterator[Record]:
        """Those that have come since the last call, but for declarations, which go to `metrics`.

        Raises TornError at a record that is none; those before it are sound.
        """
        end: int = self._bytes.cast("Q")[END]
        self._map(end)
        while self._offset < end:
            record, following = unpack_record(self._bytes, self._offset, end)
            self._take_in(record)
            self._begins.append(self._offset // 8)
            self._cells.append(record.cell)
            self._offset = following
            if record.kind is not Kind.METRIC:
                yield record

    @property
    def length(self) -> int:
        """How many records have been read."""
        return len(self._begins)

    def skip_like(self, other: FileReader) -> int:
        """Go to where this file begins to differ from another one that has been read; gives the place, in cells.

        Workers of one service declare and foresee the same, in the same order. Records that are at the same place and
        the same to the byte, but for their cells, need not be looked at again. Raises TornError when the file was cut.
        """
        end = self._bytes.cast("Q")[END] // 8
        self._map(end * 8)
        begins, cells = np.array(other._begins), np.array(other._cells)
        following = np.append(begins[1:], other._offset // 8)
        count = int(np.searchsorted(following, end, "right"))
        before = _ranges(begins[:count], cells[:count])
        differs = self._words()[before] != other._words()[before]
        if differs.any():
            count = int(np.searchsorted(cells, before[differs.argmax()], "right"))
        if count:
            self._begins, self._cells, at = other._begins[:count], other._cells[:count], int(following[count - 1])
            declared = bisect_left(other._declarations, at)
            self._declarations, self.metrics = other._declarations[:declared], other.metrics[:declared]
            self._offset = at * 8
        return self._offset // 8

    def all_records(self) -> Iterator[Record]:
        """Every record from the beginning; raises TornError as `records` does."""
        end, offset = int(self._bytes.cast("Q")[END]), HEADER_SIZE
        while offset < end:
            record, offset = unpack_record(self._bytes, offset, end)
            yield record

    def _take_in(self, record: Record) -> None:
        if record.kind is Kind.METRIC:
            self.metrics.append(unpack_description(record.text))
            self._declarations.append(self._offset // 8)
        elif record.kind is not Kind.CONTAINS and record.metric >= len(self.metrics):
            raise TornError(f"the record at {self._offset} is of a metric that is not declared")
        elif record.kind is Kind.SERIES and record.cells != self.metrics[record.metric].cells:
            raise TornError(f"the record at {self._offset} has {record.cells} cells")

    def _words(self) -> npt.NDArray[np.uint64]:
        return np.frombuffer(self._bytes, np.uint64)

    def numbers(self) -> Floats:
        """All that the file holds, seen as cells: what is no cell is no number, either."""
        self._map(0)
        return np.frombuffer(self._bytes, np.float64)

    def bytes_at(self, cell: int, count: int) -> memoryview:
        """The raw bytes of `count` cells."""
        return self._bytes[cell * 8 : (cell + count) * 8]

    def _map(self, needed: int) -> None:
        """See all of the file, `needed` bytes at least. A shorter one was cut: to read behind its end is a SIGBUS."""
        size = os.fstat(self._descriptor).st_size // 8 * 8
        mapped = len(self._bytes) if hasattr(self, "_bytes") else 0
        if size < max(needed, mapped, HEADER_SIZE):
            raise TornError(f"it is cut off at {size} bytes")
        if size > mapped:
            self._bytes = memoryview(mmap.mmap(self._descriptor, size, access=mmap.ACCESS_READ))


def _ranges(starts: npt.NDArray[np.int64], stops: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The numbers from each start to its stop, one after the other."""
    lengths = stops - starts
    numbers: npt.NDArray[np.int64] = np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
    numbers += np.arange(len(numbers))
    return numbers


def identity_of(stat: os.stat_result) -> tuple[int, int]:
    """Tells a file from all others that there are at the same time."""
    return stat.st_dev, stat.st_ino
