"""Cells in the memory of this process: float64 numbers, given out in runs and never taken back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_FIRST, _LARGEST = 512, 65_536  # cells


class Place(NamedTuple):
    """Where a label set's numbers are: `cells[at]` and on."""

    cells: memoryview[float]
    at: int
    position: int = -1
    """The number of its first cell among all in memory; -1 for a place in a file."""


class MemoryCells:
    """Segments of cells. A segment never moves, so that who holds one can store into it for ever."""

    def __init__(self) -> None:
        self._segments: list[memoryview[float]] = []
        self._used = self._size = self._before = 0

    def allocate(self, count: int) -> Place:
        """`count` cells in a row, at 0."""
        if self._used + count > self._size:
            self._before += self._size
            self._size = max(count, min(_LARGEST, max(_FIRST, self._before)))
            self._used = 0
            self._segments.append(memoryview(bytearray(self._size * 8)).cast("d"))
        at = self._used
        self._used += count
        return Place(self._segments[-1], at, self._before + at)

    def copy(self) -> Floats:
        """All numbers, by position. Whoever could store meanwhile must be kept out by a lock: a copy can tear."""
        if not self._segments:
            return np.zeros(0)
        return np.concatenate([np.asarray(segment) for segment in self._segments])
