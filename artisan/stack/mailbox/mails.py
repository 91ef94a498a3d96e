"""Mails in a Maildir: a format that any mail program can open."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from mailbox import Maildir
from pathlib import Path

from artisan.stack.mailbox.reading import Heading, heading

KEPT = 500
"""How many mails are kept, unless told otherwise."""


@dataclass(frozen=True)
class Mail:
    """A mail in its file."""

    id: str
    path: Path
    received: datetime
    """With the zone of this machine."""
    size: int
    """Bytes."""


class Mails:
    """The newest mails of a Maildir, which is made where there is none."""

    def __init__(self, folder: Path, most: int = KEPT) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        self._maildir = Maildir(folder)
        self._folder = folder
        self._most = most
        self._last = 0
        self._headings: dict[str, Heading] = {}

    def add(self, content: bytes) -> str:
        """Keep a mail, let the oldest go when there are too many, and return the new one's id. Raises OSError."""
        key = self._maildir.add(content)
        # The file system's clock ticks in milliseconds: mails of one tick would lose their order.
        self._last = max(self._last + 1, time.time_ns())
        os.utime(self._folder / "new" / key, ns=(self._last, self._last))
        for mail in self.newest_first()[self._most :]:
            mail.path.unlink()
            self._headings.pop(mail.id, None)
        return key

    def newest_first(self) -> list[Mail]:
        """All that are there now, those that a mail program has read (and so moved) included."""
        files = [(path.stat(), path) for folder in ("new", "cur") for path in (self._folder / folder).iterdir()]
        files.sort(key=lambda each: each[0].st_mtime_ns, reverse=True)
        return [
            Mail(path.name.partition(":")[0], path, datetime.fromtimestamp(stat.st_mtime).astimezone(), stat.st_size)
            for stat, path in files
        ]

    def by_id(self) -> Mapping[str, Mail]:
        """The same, to look one up."""
        return {mail.id: mail for mail in self.newest_first()}

    def heading(self, mail: Mail) -> Heading:
        """What a list shows of a mail, read once: mails never change."""
        if mail.id not in self._headings:
            self._headings[mail.id] = heading(mail.path.read_bytes())
        return self._headings[mail.id]
