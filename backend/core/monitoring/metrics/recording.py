"""One event counted in several metrics at once: a scrape of this process shows it in all of them or in none."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import isfinite

from . import exemplars
from .exemplars import Trace
from .instruments import Counter, Gauge, Histogram


class Recording:
    """Bound children that are stored into together, under one lock: cheaper than one after the other.

    With `active`, the event is the end of something that this gauge counted as going on.
    """

    __slots__ = ("_active", "_counter", "_histograms", "_lock", "_moves", "_places", "_store")

    def __init__(
        self, counter: Counter[[]], histograms: Sequence[Histogram[[]]], *, active: Gauge[[]] | None = None
    ) -> None:
        self._counter, self._histograms, self._active = counter, tuple(histograms), active
        self._store = counter._family.store
        self._lock = self._store.lock
        if any(metric._family.store is not self._store for metric in (*histograms, active or counter)):
            raise ValueError("metrics that are recorded together must be of one registry")
        with self._lock:
            self._look_up()

    def record(self, *observations: float, trace: Trace | None = None) -> None:
        """Count one event and observe a value in each histogram; raises ValueError when one is not finite.

        With a `trace`, the first observation becomes an exemplar.
        """
        if len(observations) != len(self._places) or not isfinite(sum(observations)):
            raise ValueError(f"{observations} cannot be observed in {len(self._places)} histograms")
        with self._lock:
            if self._moves != self._store.moves:
                self._look_up()
            for (edges, cells, at, total), value in zip(self._places, observations):  # noqa: B905 - strict is slow
                cells[at + bisect_left(edges, value)] += 1.0
                cells[total] += value
            counter, active = self._counter, self._active
            counter._cells[counter._at] += 1.0
            if active is not None:
                active._cells[active._at] -= 1.0
            if trace is not None:
                first = self._histograms[0]
                first._keep_exemplar(bisect_left(first._edges, observations[0]), exemplars.pack(observations[0], trace))

    def _look_up(self) -> None:
        """Remember where the histograms' numbers are, until they move."""
        self._moves = self._store.moves
        self._places = [(each._edges, each._cells, each._at, each._sum) for each in self._histograms]
