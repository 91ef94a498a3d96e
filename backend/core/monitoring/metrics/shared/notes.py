"""A note beside the file of each worker, for the others to show: a snapshot that is replaced as a whole.

It holds what does not fit into cells: the metrics of other libraries, whose kinds and labels are theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .file_reader import FileReader
from .record import ForeignError, TornError
from .worker_file import SUFFIX

_NOTE, _DRAFT = ".note", ".note-draft"


def leave(file: Path, text: bytes) -> None:
    """Replace the note of the worker whose file this is; raises OSError when there is no room for it."""
    draft = file.with_suffix(_DRAFT)
    draft.write_bytes(text)
    draft.replace(file.with_suffix(_NOTE))


def of_others(directory: Path, service: bytes, mine: Path | None) -> Iterator[bytes]:
    """The notes of the other live workers of a service."""
    for path in sorted(directory.glob(f"*{_NOTE}")):
        file = path.with_suffix(SUFFIX)
        if file == mine:
            continue
        with suppress(OSError, ForeignError, TornError):
            if FileReader(file, service).alive:
                yield path.read_bytes()


def remove_orphans(directory: Path) -> None:
    """Take away the notes of workers whose files are gone."""
    for path in (*directory.glob(f"*{_NOTE}"), *directory.glob(f"*{_DRAFT}")):
        if not path.with_suffix(SUFFIX).exists():
            path.unlink(missing_ok=True)
