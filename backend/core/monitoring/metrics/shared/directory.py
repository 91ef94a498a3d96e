"""The folder that the workers of a service share: a file for each, and one into which those of the dead are folded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from backend.core.monitoring.metrics.troubles import Troubles

from .file_reader import FileReader, identity_of
from .record import ForeignError, Kind, TornError, service_digest
from .worker_file import SUFFIX, UNBORN, WorkerFile

_ATTEMPTS = 20


class Directory:
    """Reads all files of one service. Files that cannot be read are told and left out."""

    def __init__(self, path: Path, service: str, troubles: Troubles) -> None:
        self.path, self.service, self._troubles = path, service_digest(service), troubles
        self.folded = f"folded-{self.service.hex()}"
        """The name of the one file into which those of the dead are folded: each service has its own."""
        self._readers: dict[str, FileReader] = {}
        self._refused: dict[str, tuple[int, int]] = {}
        self.unreadable: dict[str, OSError] = {}
        """Files that could not be opened when they were looked for last; the next time they may be."""

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
            self.unreadable.clear()
            folded = self._folded()
            contained = contents(folded) if folded else frozenset()
            names = {path.name for path in self.path.glob(f"*{SUFFIX}")} - contained
            readers = [reader for name in sorted(names) if (reader := self._reader(name))]
            if self._is_still(folded):
                break
        for name, error in self.unreadable.items():
            self._troubles.skipped(self.path / name, "unreadable", str(error))
        self._keep({*names, self.folded})
        return [folded, *readers] if folded else readers

    def remains(self) -> Iterable[Path]:
        """Files that died before they were born."""
        return self.path.glob(f"*{UNBORN}")

    def skip(self, reader: FileReader, reason: str, detail: str) -> None:
        """Tell of a file whose records cannot be used from here on."""
        self._troubles.skipped(reader.path, reason, detail)

    def _folded(self) -> FileReader | None:
        cached = self._readers.get(self.folded)
        if cached is not None and not cached.is_still_there():
            del self._readers[self.folded]
        return self._reader(self.folded)

    def _is_still(self, folded: FileReader | None) -> bool:
        """Whether there still is this folded file; None for none that can be used."""
        if folded is not None:
            return folded.is_still_there()
        try:
            return self._refused.get(self.folded) == identity_of((self.path / self.folded).stat())
        except OSError:
            return True

    def _reader(self, name: str) -> FileReader | None:
        if name in self._readers:
            return self._readers[name]
        path = self.path / name
        try:
            identity = identity_of(path.stat())
            if self._refused.get(name) == identity:
                return None
            reader = FileReader(path, self.service)
            if name == self.folded:
                contents(reader)  # what it contains has to be known before its numbers are
        except FileNotFoundError:
            return None
        except OSError as error:
            self.unreadable[name] = error
            return None
        except (ForeignError, TornError) as error:
            self._troubles.skipped(path, "foreign" if isinstance(error, ForeignError) else "torn", str(error))
            self._refused[name] = identity
            return None
        self._readers[name] = reader
        return reader

    def _keep(self, names: set[str]) -> None:
        self._readers = {name: reader for name, reader in self._readers.items() if name in names}
        self._refused = {name: identity for name, identity in self._refused.items() if name in names}


def contents(folded: FileReader) -> frozenset[str]:
    """The names of the files whose numbers are in the folded file: its first record. Raises TornError."""
    first = next(folded.all_records(), None)
    return frozenset(first.text.decode().split()) if first and first.kind is Kind.CONTAINS else frozenset()
