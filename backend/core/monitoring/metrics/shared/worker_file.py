"""The file of this process: it alone writes there, and the others read.

The file grows before a record is written into it, and by `posix_fallocate`: a store into a sparse map on a full disk
would end the process by a SIGBUS. A record becomes valid with the one store that moves the header's `end` behind it.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import secrets
from pathlib import Path

from backend.core.monitoring.metrics.description import Description
from backend.core.monitoring.metrics.memory import Place

from .record import (
    END,
    HEADER_SIZE,
    FileKind,
    Header,
    Kind,
    pack_description,
    pack_header,
    pack_record,
    record_size,
)

SUFFIX = ".metrics"
UNBORN = ".unborn"
_SMALLEST, _LARGEST_STEP = 1 << 16, 1 << 20  # bytes


class WorkerFile:
    """Created locked and with a header, so that nobody ever sees it half made; the lock ends with the process."""

    def __init__(self, directory: Path, service: bytes) -> None:
        self._declared: dict[str, int] = {}
        self._descriptor, self.path = _create(directory, service)
        self._end = HEADER_SIZE
        self._map()

    def add_series(self, description: Description, text: bytes) -> Place:
        """Cells for one label set, at 0; raises OSError when the disk is full. Callers exclude each other."""
        return self._append(Kind.SERIES, self._metric(description), text, description.cells)

    def add_exemplars(self, description: Description, text: bytes, cells: int) -> Place:
        """Cells for the exemplars of one label set; raises OSError when the disk is full."""
        return self._append(Kind.EXEMPLARS, self._metric(description), text, cells)

    def close(self) -> None:
        """Let go of it in a process that was forked; its worker's lock ends with the last process that has it open."""
        with contextlib.suppress(OSError):
            os.close(self._descriptor)

    def _metric(self, description: Description) -> int:
        number = self._declared.get(description.name)
        if number is None:
            self._append(Kind.METRIC, 0, pack_description(description), 0)
            number = self._declared[description.name] = len(self._declared)
        return number

    def _append(self, kind: Kind, metric: int, text: bytes, cells: int) -> Place:
        end = self._end + record_size(text, cells)
        if end > len(self._bytes):
            self._grow(end)
        record = pack_record(kind, metric, text, cells)
        self._bytes[self._end : self._end + len(record)] = record
        at = (self._end + len(record)) // 8
        self._end = end
        self._words[END] = end
        return Place(self._cells, at)

    def _grow(self, needed: int) -> None:
        size = len(self._bytes)
        while size < needed:
            size += min(size, _LARGEST_STEP)
        allocate(self._descriptor, size)
        self._map()

    def _map(self) -> None:
        """Map the whole file anew. Cells that were given out stay in the older maps, which show the same pages."""
        view = memoryview(mmap.mmap(self._descriptor, 0))
        self._bytes, self._cells, self._words = view, view.cast("d"), view.cast("Q")


def allocate(descriptor: int, size: int) -> None:
    """Make a file `size` bytes long, with room on the disk for each of them; raises OSError when there is none."""
    now = os.fstat(descriptor).st_size
    if now >= size:  # it has grown before, and could not be mapped then
        return
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, now, size - now)
    else:
        os.pwrite(descriptor, bytes(size - now), now)


def _create(directory: Path, service: bytes) -> tuple[int, Path]:
    """A new file's descriptor and path. It has another name until it is locked; who tidies up may take it away."""
    while True:
        name = secrets.token_hex(8)
        unborn, path = directory / f"{name}{UNBORN}", directory / f"{name}{SUFFIX}"
        descriptor = os.open(unborn, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            allocate(descriptor, _SMALLEST)
            os.pwrite(descriptor, pack_header(Header(HEADER_SIZE, FileKind.WORKER, service)), 0)
            unborn.rename(path)
        except (BlockingIOError, FileNotFoundError):  # taken for a dead one's, between its birth and its lock
            os.close(descriptor)
        except BaseException:
            unborn.unlink(missing_ok=True)
            os.close(descriptor)
            raise
        else:
            return descriptor, path
