"""All workers of a service: the file of this one, and the sum of all."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from backend.core.monitoring.metrics.description import Description
from backend.core.monitoring.metrics.table import Table
from backend.core.monitoring.metrics.troubles import Troubles

from . import notes
from .combining import combined
from .directory import Directory
from .file_reader import FileReader
from .folding import fold
from .merging import Merged, Parts
from .record import TornError, service_digest
from .summing import Sums
from .worker_file import WorkerFile


class Workers:
    """Reads what all of them have written. Several threads may ask at once."""

    def __init__(self, path: Path, service: str, troubles: Troubles) -> None:
        self.path = path
        self._service, self._troubles = service, troubles
        self._directory = Directory(path, service, troubles)
        self._merged = Merged(())
        self._lock = threading.Lock()
        self.noting = threading.Lock()
        """Held while this worker's note is replaced, so that a later one is never followed by an earlier one."""

    def anew(self) -> Workers:
        """The same, in a process that was just forked."""
        return Workers(self.path, self._service, self._troubles)

    def new_file(self) -> WorkerFile:
        """A file for this process; raises OSError when there is no room for it."""
        return self._directory.new_file()

    def fold(self, descriptions: Iterable[Description]) -> int:
        """Fold the files of the dead; returns how many. Raises OSError when there is no room for it. It may block.

        What is gone is let go of here, not in a scrape: the last to close a file waits until the disk has freed it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        folded = fold(Directory(self.path, self._service, self._troubles), descriptions)
        notes.remove_orphans(self.path)
        with self._lock:
            self._merged.forget(self._directory.readers())
        return folded

    def notes_of_others(self, mine: WorkerFile | None) -> list[bytes]:
        """What the other live workers have noted last."""
        return list(notes.of_others(self.path, service_digest(self._service), mine.path if mine else None))

    def gather(self, descriptions: Iterable[Description], *, with_exemplars: bool) -> Generator[bytes, None, Gathered]:
        """Take in what all files have new, and add up the dead, in steps, each of which yields b"".

        What it has come by stays, whoever folds or lets go of the dead meanwhile.
        """
        with self._lock:
            if self._merged.wasted:
                self._merged = Merged(())
                self._directory = Directory(self.path, self._service, self._troubles)
            for description in descriptions:
                self._merged.declare(description)
            readers = self._directory.readers()
            self._merged.forget(readers)
            gathered = Gathered(self._merged, Sums(with_exemplars=with_exemplars), self._lock, self._troubles)
            # Asked for at once: what an earlier scrape has taken in of a file is not read again once it is forgotten.
            files = [(reader, self._merged.parts(reader)) for reader in readers]
        for reader, parts in files:
            yield from self._take_in(gathered.merged, reader, parts)
            if reader.alive:
                gathered.live.append((reader, parts))
            else:
                gathered.add([(reader, parts)])
                yield b""
        return gathered

    def _take_in(self, merged: Merged, reader: FileReader, parts: Parts) -> Iterator[bytes]:
        steps = merged.take_in(reader, parts)
        while self._step(reader, steps):
            yield b""

    def _step(self, reader: FileReader, steps: Iterator[str]) -> bool:
        """Whether there is more to take in."""
        with self._lock:
            try:
                misfit = next(steps, None)
            except TornError as error:
                self._troubles.skipped(reader.path, "torn", str(error))
                return False
        if misfit:
            self._troubles.skipped(reader.path, "declared otherwise", misfit)
        return misfit is not None


class Gathered:
    """The dead, added up, and the live, whose numbers go on changing."""

    def __init__(self, merged: Merged, sums: Sums, lock: threading.Lock, troubles: Troubles) -> None:
        self.merged, self._sums, self._lock, self._troubles = merged, sums, lock, troubles
        self.live: list[tuple[FileReader, Parts]] = []

    def add(self, files: Iterable[tuple[FileReader, Parts]]) -> None:
        """Add the numbers that they have at this moment. One that was cut by somebody is told and left out."""
        with self._lock:
            for reader, parts in files:
                try:
                    self._sums.add(reader, parts)
                except TornError as error:
                    self._troubles.skipped(reader.path, "torn", str(error))

    def add_live(self) -> None:
        """Add the live. To be done once."""
        self.add(self.live)

    def tables(self, mine: Mapping[str, Table]) -> list[Table]:
        """The numbers of all workers; `mine` are those that this process could not put into its file."""
        with self._lock:
            tables = self._sums.tables(self.merged.rows())
        return [_joined(table, mine.get(name)) for name, table in tables.items()]


def _joined(table: Table, more: Table | None) -> Table:
    """Both as one; label sets that only this process has follow at the end."""
    if more is None or not len(more.values):
        return table
    known = {text: row for row, text in enumerate(table.texts[: len(table.values)])}
    texts, together = list(table.texts[: len(table.values)]), table.values.copy()
    fresh = []
    for text, row in more.rows():
        if text in known:
            at = slice(known[text], known[text] + 1)
            together[at] = combined(table.description.across, together[at], np.array([row]))
        else:
            texts.append(text)
            fresh.append(row)
    values = [together, np.array(fresh).reshape(len(fresh), table.description.cells)]
    present = np.concatenate([table.present | _named(table, more), np.ones(len(fresh), np.bool_)])
    return Table(table.description, texts, np.concatenate(values), present, table.exemplars)


def _named(table: Table, more: Table) -> npt.NDArray[np.bool_]:
    theirs = {text for text, _ in more.rows()}
    return np.array([text in theirs for text in table.texts[: len(table.values)]], np.bool_)
