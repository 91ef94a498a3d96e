"""Folding: the files of dead workers become one, so that a service can replace its workers for ever.

The new folded file names the files that it contains and appears by one rename. Until they are removed, readers leave
out what it names. So whoever is killed at any step leaves either the old state or the new one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from backend.core.monitoring.metrics import labels
from backend.core.monitoring.metrics.description import Description
from backend.core.monitoring.metrics.memory import Floats
from backend.core.monitoring.metrics.table import Table

from .directory import Directory, contents
from .file_reader import FileReader
from .merging import Merged
from .record import (
    HEADER_SIZE,
    FileKind,
    Header,
    Kind,
    TornError,
    pack_description,
    pack_header,
    pack_record,
)
from .summing import Sums

_LOCK, _DRAFT = "folding.lock", "folded.draft"


def fold(directory: Directory, descriptions: Iterable[Description]) -> int:
    """Fold all files of the dead; returns how many. Where another process folds already, there is nothing to do.

    Metrics that versions of the service declare differently are kept as `descriptions` have them.
    Raises OSError when there is no room, or when what was folded before cannot be read.
    """
    with _alone(directory.path) as alone:
        if not alone:
            return 0
        _remove_remains(directory)
        readers = directory.readers()
        if error := directory.unreadable.get(directory.folded):
            raise error  # the new one would be without its numbers
        folded = [reader for reader in readers if reader.path.name == directory.folded]
        dead = [reader for reader in readers if reader not in folded and not reader.alive]
        _remove_contained(folded)
        if not dead:
            return 0
        tables = _added_up(directory, [*folded, *dead], descriptions)
        _write(directory, [reader.path.name for reader in dead], tables)
        for reader in dead:
            reader.path.unlink(missing_ok=True)
    return len(dead)


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    descriptor = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _locked(descriptor)
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # a child that was forked meanwhile has it open as long as it lives
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove_remains(directory: Directory) -> None:
    """Take away files that nobody has locked yet: whoever was at it makes another one."""
    for path in directory.remains():
        with suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            path.unlink()


def _remove_contained(folded: list[FileReader]) -> None:
    """Take away what an earlier folding has left behind when it was ended before its last step."""
    for reader in folded:
        for name in contents(reader):
            reader.path.with_name(name).unlink(missing_ok=True)


def _added_up(directory: Directory, readers: list[FileReader], descriptions: Iterable[Description]) -> dict[str, Table]:
    merged, sums = Merged(descriptions), Sums(with_exemplars=False)
    for reader in readers:
        parts = merged.parts(reader)
        try:
            for misfit in merged.take_in(reader, parts):
                if misfit:
                    directory.skip(reader, "declared otherwise", misfit)
        except TornError as error:
            directory.skip(reader, "torn", str(error))
        with suppress(TornError):  # it was cut meanwhile, which is told where it is read next
            sums.add(reader, parts)
    return sums.tables(merged.rows())


def _write(directory: Directory, names: list[str], tables: dict[str, Table]) -> None:
    draft = directory.path / _DRAFT
    body = bytearray(HEADER_SIZE)
    body += pack_record(Kind.CONTAINS, 0, " ".join(names).encode(), 0)
    for number, table in enumerate(table for table in tables.values() if table.description.type != "gauge"):
        body += pack_record(Kind.METRIC, 0, pack_description(table.description), 0)
        for text, values in bounded(table).items():
            body += pack_record(Kind.SERIES, number, text, len(values)) + values.tobytes()
    body[:HEADER_SIZE] = pack_header(Header(len(body), FileKind.FOLDED, directory.service))
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
        draft.replace(directory.path / directory.folded)
    finally:
        draft.unlink(missing_ok=True)  # a full disk needs the room that a half has taken


def bounded(table: Table) -> dict[bytes, Floats]:
    """The numbers by label set, as many sets as the metric allows: the dead of a long life must not add up to more."""
    metric = table.description
    kept: dict[bytes, Floats] = {}
    for text, values in table.rows():
        place = text
        if place not in kept and len(kept) >= metric.limit:
            names, given = metric.labels, list(labels.read(text).values())
            place = labels.write(names, labels.overflow(names, given, metric.values))
        kept[place] = kept[place] + values if place in kept else values
    return kept
