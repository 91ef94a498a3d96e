"""The settings of a stack that `artisan up` runs: it gives its backend addresses that stand in no file."""

from __future__ import annotations

import fcntl
from collections.abc import Mapping
from pathlib import Path

import psutil

_PROGRAM = "backend.main"


def environment_of_the_stack(state: Path) -> Mapping[str, str]:
    """The environment of the backend that runs with this state directory; empty where none does, or is another's."""
    try:
        holder = _holder(state / "lock")
        for process in psutil.Process(holder).children(recursive=True) if holder else ():
            if _PROGRAM in process.cmdline():
                return process.environ()
    except (OSError, ValueError, psutil.Error):
        pass
    return {}


def _holder(lock: Path) -> int | None:
    """The pid in a lock that is held; the file of one that is not may hold any number."""
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(file.read())
    return None
