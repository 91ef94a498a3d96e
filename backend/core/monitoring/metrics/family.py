"""All label sets that one metric has in this process, and the limit on their number."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from . import exemplars, labels
from .description import Description
from .memory import Place
from .store import Store
from .troubles import Troubles


class Series(Protocol):
    """One label set, which stores into the cells it is bound to."""

    _cells: memoryview[float]
    _at: int

    def _bind(self, place: Place) -> None:
        """Store there from now on."""


S = TypeVar("S", bound=Series)


class Family(Generic[S]):
    """Label sets by their values. `new` makes one that is not bound yet."""

    def __init__(self, description: Description, store: Store, troubles: Troubles, new: Callable[[], S]) -> None:
        self.description = description
        self.store, self._troubles, self._new = store, troubles, new
        self.series: dict[tuple[Any, ...], S] = {}
        # Those whose numbers are in memory, as the page wants them. All of them, where there is one worker.
        self.texts: list[bytes] = []
        self.positions = array("q")
        self.exemplars: list[tuple[bytes, memoryview]] = []
        self._fullest = ""  # once the limit is reached: the label with most values
        self._overflowing = 0

    def find(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> S:
        """The label set with these values, made at 0 when it is new; raises ValueError on a wrong or missing name."""
        names = self.description.labels
        values = args if len(args) == len(names) and not kwargs else labels.arrange(names, args, kwargs)
        series = self.series.get(values)
        return self._make(values) if series is None else series

    def adopt(self, series: S) -> None:
        """Take in the one label set of a metric that has no labels."""
        with self.store.lock:
            self.series[()] = series
            series._bind(self._place(b""))

    def place_exemplars(self, series: S) -> memoryview:
        """Room for an exemplar in each bucket of a label set. Call it with the lock held."""
        text = next(self._text(values) for values, other in self.series.items() if other is series)
        count = (len(self.description.buckets) + 1) * exemplars.CELLS
        place = self.store.place_exemplars(self.description, text, count)
        view = place.cells[place.at : place.at + count].cast("B")
        if place.position >= 0:
            self.exemplars.append((text, view))
        return view

    def _text(self, values: tuple[str, ...]) -> bytes:
        return labels.write(self.description.labels, values)

    def _make(self, values: tuple[Any, ...]) -> S:
        cleaned = tuple(map(labels.clean, values))
        with self.store.lock:
            series = self.series.get(cleaned)
            crowded = series is None and len(self.series) - self._overflowing >= self.description.limit
            if crowded:
                cleaned = self._overflow(cleaned)
                series = self.series.get(cleaned)
            if series is None:
                series = self.series[cleaned] = self._new()
                self._overflowing += crowded
                series._bind(self._place(self._text(cleaned)))
        # Told without the lock: a log that blocks must not keep anybody from recording.
        if crowded:
            self._troubles.overflowed(self.description.name, self._fullest)
        self._troubles.refused(self.store)
        return series

    def _place(self, text: bytes) -> Place:
        place = self.store.place(self.description, text)
        if place.position >= 0:
            self.texts.append(text)
            self.positions.append(place.position)
        return place

    def _overflow(self, values: tuple[str, ...]) -> tuple[str, ...]:
        names = self.description.labels
        if not self._fullest:
            columns = zip(names, zip(*self.series, strict=True), strict=True)
            self._fullest = max(columns, key=lambda column: len(set(column[1])))[0]
        return labels.overflow(names, values, self.description.values)

    def move(self) -> None:
        """Give each label set that is in memory a new place with the numbers it has. Call it with the lock held.

        Exemplars in memory are forgotten: the next one of their bucket asks for a new place.
        """
        in_memory, exemplars_in_memory = set(self.texts), {text for text, _ in self.exemplars}
        self.store.moves += 1
        self.texts, self.positions, self.exemplars = [], array("q"), []
        for values, series in self.series.items():
            text = self._text(values)
            if text in in_memory:
                numbers = series._cells[series._at : series._at + self.description.cells]
                place = self._place(text)
                place.cells[place.at : place.at + len(numbers)] = numbers
                series._bind(place)
            elif text in exemplars_in_memory:
                series._bind(Place(series._cells, series._at))

    def begin_anew(self) -> None:
        """Give each label set a new place, in a process that was just forked. Call it with the lock held.

        What adds up starts at 0, since the parent goes on telling its share; facts and states are true here as well.
        """
        self.store.moves += 1
        self.texts, self.positions, self.exemplars = [], array("q"), []
        adds_up = self.description.across == "sum"
        for values, series in self.series.items():
            numbers = series._cells[series._at : series._at + self.description.cells]
            place = self._place(self._text(values))
            if not adds_up:
                place.cells[place.at : place.at + len(numbers)] = numbers
            series._bind(place)
