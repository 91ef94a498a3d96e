"""One stack at a time for a state directory."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

# How long to wait, in seconds, for a lock whose holder lives (it may just be dying) or has been killed.
_LIVING = 0.5
_KILLED = 5.0


class Taken(Exception):
    """Another process holds the lock; the message names it."""


class Lock:
    """A lock that the kernel drops with its holder, so that it is never stale. The file holds the holder's pid."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Self:
        """Raises Taken when another process holds the lock."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._acquire()
        except Taken:
            os.close(self.descriptor)
            raise
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.ftruncate(self.descriptor, 0)
        os.close(self.descriptor)

    def _acquire(self) -> None:
        """Where the holder was killed, its guard holds the lock while it ends the parts: that is worth waiting for."""
        began = time.monotonic()
        while True:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(self.descriptor, 32, 0).decode("ascii").strip()
                patience = _LIVING if _lives(holder) else _KILLED
                if time.monotonic() - began > patience:
                    raise Taken(f"This stack already runs, with pid {holder}; stop it first: kill {holder}") from None
                time.sleep(0.05)
            else:
                return


def _lives(holder: str) -> bool:
    try:
        return psutil.Process(int(holder)).status() != psutil.STATUS_ZOMBIE
    except (ValueError, psutil.Error):
        return False
