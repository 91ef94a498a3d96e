"""The folder that the workers of a service share: a file for each, and one into which those of the dead are folded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from backend.core.monitoring.metrics.troubles import Troubles

from .file_reader import FileReader
from .record import ForeignError, Kind, TornError, service_digest
from .worker_file import SUFFIX, UNBORN, WorkerFile

FOLDED = "folded"
_ATTEMPTS = 20


class Directory:
    """Reads all files of one service. Files that cannot be read are told and left out."""

    def __init__(self, path: Path, service: str, troubles: Troubles) -> None:
        self.path, self.service, self._troubles = path, service_digest(service), troubles
        self._readers: dict[str, FileReader] = {}
        self._refused: set[str] = set()

    def new_file(self) -> WorkerFile:
        """A file for this process; raises OSError when there is no room for it."""
        self.path.mkdir(parents=True, exist_ok=True)
        return WorkerFile(self.path, self.service)

    def readers(self) -> list[FileReader]:
        """A reader of each file, so that nothing is missing and nothing is there twice.

        The folded file names what it contains, so those are left out. If it was replaced while the others were being
        opened, some of them may be gone, and all is done again.
        """
        for _ in range(_ATTEMPTS):
            folded = self._folded()
            contained = contents(folded) if folded else frozenset()
            names = {path.name for path in self.path.glob(f"*{SUFFIX}")} - contained
            readers = [reader for name in sorted(names) if (reader := self._reader(name))]
            if folded.is_still_there() if folded else not (self.path / FOLDED).exists():
                break
        self._keep({*names, FOLDED})
        return [folded, *readers] if folded else readers

    def remains(self) -> Iterable[Path]:
        """Files that died before they were born."""
        return self.path.glob(f"*{UNBORN}")

    def skip(self, reader: FileReader, reason: str, detail: str) -> None:
        """Tell of a file whose records cannot be used from here on."""
        self._troubles.skipped(reader.path, reason, detail)

    def _folded(self) -> FileReader | None:
        cached = self._readers.get(FOLDED)
        if cached is not None and not cached.is_still_there():
            del self._readers[FOLDED]
        return self._reader(FOLDED)

    def _reader(self, name: str) -> FileReader | None:
        if name in self._readers:
            return self._readers[name]
        if name in self._refused:
            return None
        path = self.path / name
        try:
            self._readers[name] = reader = FileReader(path, self.service)
        except FileNotFoundError:
            return None
        except (ForeignError, TornError, OSError) as error:
            self._troubles.skipped(path, _reason(error), str(error))
            self._refused.add(name)
            return None
        return reader

    def _keep(self, names: set[str]) -> None:
        self._readers = {name: reader for name, reader in self._readers.items() if name in names}
        self._refused &= names


def _reason(error: Exception) -> str:
    match error:
        case ForeignError():
            return "foreign"
        case TornError():
            return "torn"
        case _:
            return "unreadable"


def contents(folded: FileReader) -> frozenset[str]:
    """The names of the files whose numbers are in the folded file: its first record."""
    first = next(folded.all_records(), None)
    return frozenset(first.text.decode().split()) if first and first.kind is Kind.CONTAINS else frozenset()
