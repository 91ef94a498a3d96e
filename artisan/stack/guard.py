"""Ends the parts of a supervisor that was killed and could not end them itself.

The guard is a small process that is told through a pipe which process groups are running. However the supervisor ends,
the pipe closes, and what has not been crossed off by then is stopped. This holds where PR_SET_PDEATHSIG does not: for
what a part forks, for a part that enters a user namespace (the kernel clears the setting there), and on macOS.

This file is also the guard's program, run by its path and without site-packages: only the standard library is imported.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence

_GRACE = 2.0


class Guard:
    """The supervisor's end of the pipe."""

    def __init__(self, keep_open: Sequence[int] = ()) -> None:
        """`keep_open`: file descriptors, such as that of a lock, which the guard holds until all has ended."""
        theirs, self._pipe = os.pipe()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__], stdin=theirs, pass_fds=tuple(keep_open), start_new_session=True
        )
        os.close(theirs)

    def add(self, group: int) -> None:
        """From now on this process group ends with the supervisor."""
        self._tell(f"+{group}\n")

    def remove(self, group: int) -> None:
        """This process group has ended."""
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """End every group that was not removed, then the guard itself."""
        os.close(self._pipe)
        self._process.wait()

    def _tell(self, line: str) -> None:
        # A guard that somebody killed must not take the stack down with it.
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe, line.encode("ascii"))


def main() -> None:
    """Read `+group` and `-group` until the supervisor has ended, then stop what is left."""
    groups: set[int] = set()
    for line in sys.stdin:
        change = groups.add if line[0] == "+" else groups.discard
        change(int(line[1:]))
    _signal(groups, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE
    while _signal(groups, 0) and time.monotonic() < deadline:
        time.sleep(0.02)
    _signal(groups, signal.SIGKILL)


def _signal(groups: Iterable[int], number: int) -> bool:
    """True when a process was there to get it."""
    found = False
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)
            found = True
    return found


if __name__ == "__main__":
    main()
