"""Lines of several processes in one pipe, as the output of a container is: each stays whole.

A pipe that is full takes a long line piece by piece, and another process's lands in between. What it takes in one piece
is 4 KiB: a line with a traceback is longer, and many of those come together when something is wrong.
"""

from __future__ import annotations

import fcntl
from contextlib import suppress
from typing import BinaryIO


def write_alone(stream: BinaryIO, line: bytes) -> None:
    """Write it while no other process does that calls this, too.

    The lock is the process's, whatever it has inherited, and ends with it. What cannot be locked is written to without.
    """
    with suppress(OSError, ValueError):
        fcntl.lockf(stream, fcntl.LOCK_EX)
    try:
        stream.write(line)
        stream.flush()
    finally:
        with suppress(OSError, ValueError):
            fcntl.lockf(stream, fcntl.LOCK_UN)
