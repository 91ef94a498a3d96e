"""The set of declared metrics, where their numbers are, and the page that shows them."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import prometheus_client
from prometheus_client.metrics_core import Metric

from . import exemplars, forks, labels
from .description import Description
from .exposition import foreign, negotiation, writing
from .family import Family, S
from .memory import MemoryCells
from .shared import notes
from .shared.workers import Workers
from .store import Store
from .table import Table
from .troubles import Troubles


class Exposition(NamedTuple):
    """A rendered page and the content type that names its format."""

    body: bytes
    content_type: str


class Registry:
    """Metrics of one service. Tests make their own; the service uses `REGISTRY`."""

    def __init__(self) -> None:
        self.store = Store()
        self.troubles = Troubles()
        self._families: dict[str, Family] = {}  # type: ignore[type-arg]
        self._samples: set[str] = set()
        self._workers: Workers | None = None
        forks.watch(self)

    def declare(self, description: Description, new: Callable[[], S]) -> Family[S]:
        """Add a metric; raises ValueError when the name of one of its series is taken."""
        with self.store.lock:
            if taken := self._samples & description.samples:
                raise ValueError(f"metric {description.name!r} is declared twice: {min(taken)} is taken")
            self._samples |= description.samples
            family = Family(description, self.store, self.troubles, new)
            self._families[description.name] = family
        return family

    def descriptions(self) -> tuple[Description, ...]:
        """Every declared metric, in the order of declaration."""
        return tuple(family.description for family in self._declared())

    def _declared(self) -> tuple[Family, ...]:  # type: ignore[type-arg]
        """So far: another thread may declare one meanwhile."""
        return tuple(self._families.values())

    def share(self, directory: Path, service: str = "") -> None:
        """Keep the numbers in a file of `directory`, and show the sum of all workers of `service` that do so.

        What was recorded before is kept. Raises ValueError when they are shared already, elsewhere.
        """
        if self._workers is not None and self._workers.path != directory:
            raise ValueError(f"the metrics are shared in {self._workers.path} already")
        if self._workers is None:
            self._workers = Workers(directory, service, self.troubles)
            self._open_file()

    def tidy(self, *, beside: Iterable[prometheus_client.CollectorRegistry] = ()) -> None:
        """Fold what dead workers have left, and try again to share what a full disk did not take.

        Leaves a note of other registries, for the other workers to show. It may block.
        """
        if self._workers is None:
            return
        if self.store.file is None:
            self._open_file()
        else:
            self._fold()
            if any(family.texts or family.exemplars for family in self._declared()):
                self._move()
        self._leave_note(beside)

    def begin_anew(self) -> None:
        """Start over in a process that was just forked; `forks` calls it."""
        with self.store.lock:
            self.store.move_to(None)
            for family in self._families.values():
                family.begin_anew()
            if self._workers is not None:
                self._workers = self._workers.anew()
                self._open_file()

    def value(self, sample: str, **wanted: str) -> float | None:
        """The present value of one sample (`x_total`, `x_bucket` …) in this process, or None when there is none."""
        edge = wanted.pop("le", None)
        for family in self._declared():
            metric = family.description
            if sample in metric.samples and wanted.keys() == set(metric.labels):
                series = family.series.get(tuple(labels.clean(wanted[name]) for name in metric.labels))
                if series is not None:
                    cells = series._cells[series._at : series._at + metric.cells].tolist()
                    return _sample(metric, sample, edge, cells)
        return None

    def label_values(self, label: str) -> set[str]:
        """Every value that a label of this name has in this process, in whatever metric."""
        found: set[str] = set()
        for family in self._declared():
            if label in family.description.labels:
                index = family.description.labels.index(label)
                found |= {values[index] for values in tuple(family.series)}
        return found

    def render(self, accept: str = "", *, beside: Iterable[prometheus_client.CollectorRegistry] = ()) -> Exposition:
        """The exposition in the format that `accept` asks for, followed by that of other registries."""
        openmetrics = negotiation.wants_openmetrics(accept)
        body = b"".join(self.pieces(self.others(beside, openmetrics=openmetrics), openmetrics=openmetrics))
        return Exposition(body, negotiation.OPENMETRICS if openmetrics else negotiation.TEXT)

    def others(self, beside: Iterable[prometheus_client.CollectorRegistry], *, openmetrics: bool) -> bytes:
        """The exposition of other registries, without metrics whose names are taken here.

        Where there are several workers it shows those of all: of the others, what they had when they tidied last.
        """
        shown = self._leave_note(beside)
        taken = {metric.family for metric in self.descriptions()}  # another version's notes may have our names
        for note in self._workers.notes_of_others(self.store.file) if self._workers is not None else ():
            with suppress(ValueError):  # of another version
                shown += [family for family in foreign.read_note(note) if family.name not in taken]
        return foreign.write(shown, openmetrics=openmetrics)

    def _leave_note(self, beside: Iterable[prometheus_client.CollectorRegistry]) -> list[Metric]:
        """Note what other registries have, and return it: what one worker has shown, no other may fall behind."""
        registries = list(beside)
        if self._workers is None or self.store.file is None or not registries:
            return self._families_of(registries)
        with self._workers.noting:
            families = self._families_of(registries)
            with suppress(OSError):  # a full disk is told of already
                notes.leave(self.store.file.path, foreign.note(families))
        return families

    def _families_of(self, registries: Iterable[prometheus_client.CollectorRegistry]) -> list[Metric]:
        taken = {metric.family for metric in self.descriptions()}
        pid = "" if self._workers is None else str(os.getpid())
        return [family for registry in registries for family in foreign.families(registry, taken, pid)]

    def pieces(self, others: bytes = b"", *, openmetrics: bool) -> Iterator[bytes]:
        """The page in pieces, each made in a fraction of a millisecond; empty ones are steps towards the next."""
        if self._workers is None:
            tables: Iterable[Table] = self._tables(with_exemplars=openmetrics).values()
        else:
            tables = yield from self._tables_of_all(self._workers, with_exemplars=openmetrics)
        for table in tables:
            yield from writing.write(table, openmetrics=openmetrics)
        yield others
        if openmetrics:
            yield b"# EOF\n"

    def _tables_of_all(self, workers: Workers, *, with_exemplars: bool) -> Generator[bytes, None, list[Table]]:
        """What all workers have, with what is in the memory of this one.

        Begun again when another thread has moved label sets into the file meanwhile: they are no longer in memory, and
        were not in the file when it was read.
        """
        while True:
            moves = self.store.moves
            gathered = yield from workers.gather(self.descriptions(), with_exemplars=with_exemplars)
            gathered.add_live()
            with self.store.lock:
                if moves == self.store.moves:
                    mine = self._tables(with_exemplars=with_exemplars)
                    break
        return gathered.tables(mine)

    def _tables(self, *, with_exemplars: bool) -> dict[str, Table]:
        """What is in the memory of this process, all of one moment."""
        with self.store.lock:
            numbers = self.store.memory.copy()
            families = [(f.description, f.texts, np.array(f.positions), f.exemplars) for f in self._families.values()]
        tables: dict[str, Table] = {}
        for metric, texts, positions, kept in families:
            values = numbers[positions.astype(np.int64)[:, None] + np.arange(metric.cells)]
            rows = {text: row for row, text in enumerate(texts)} if kept and with_exemplars else {}
            found = {
                (rows[text], bucket): exemplar
                for text, view in (kept if rows else ())
                if text in rows
                for bucket, exemplar in exemplars.unpack_all(view)
            }
            tables[metric.name] = Table(metric, texts, values, np.ones(len(values), np.bool_), found)
        return tables

    def _fold(self) -> None:
        assert self._workers is not None
        try:
            self._workers.fold(self.descriptions())
        except OSError as error:  # the dead can wait: they are shown as they are
            self.troubles.disk_refuses(error)

    def _open_file(self) -> None:
        assert self._workers is not None
        self._fold()
        try:
            file = self._workers.new_file()
        except OSError as error:
            self.troubles.disk_refuses(error)
            self.troubles.unshared(self._in_memory())
            return
        with self.store.lock:
            self.store.move_to(file)
        self._move()

    def _move(self) -> None:
        """Put into the file what is in memory, as far as there is room."""
        with self.store.lock:
            self.store.memory = MemoryCells()  # what was in the old one moves, or gets a place in this one
            for family in self._families.values():
                if family.texts or family.exemplars:
                    family.move()
        self.troubles.unshared(self._in_memory())
        self.troubles.refused(self.store)

    def _in_memory(self) -> int:
        return sum(len(family.texts) for family in self._declared())


def _sample(metric: Description, sample: str, edge: str | None, cells: list[float]) -> float | None:
    ending = sample.removeprefix(metric.name)
    if ending == "_bucket" and edge is not None:
        edges = [*metric.buckets, float("inf")]
        return sum(cells[: edges.index(float(edge)) + 1]) if float(edge) in edges else None
    return {"": cells[0], "_sum": cells[-1], "_count": sum(cells[:-1])}.get(ending)


REGISTRY = Registry()


def render_metrics(accept: str = "") -> bytes:
    """The exposition of this service: our metrics, then whatever is in `prometheus_client.REGISTRY`."""
    return REGISTRY.render(accept, beside=(prometheus_client.REGISTRY,)).body
