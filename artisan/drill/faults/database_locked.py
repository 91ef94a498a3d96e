"""Another process holds the database's locks: every query waits, and fails after ten seconds."""

from __future__ import annotations

import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from artisan.drill.clients.page import Sign
from artisan.drill.scenario import Scenario
from artisan.drill.stack.stage import Stage

# The bytes of the -shm file that readers lock, one of them each: https://sqlite.org/walformat.html#wal_locks
_FIRST_READ_LOCK, _READ_LOCKS = 123, 5


@asynccontextmanager
async def _fault(stage: Stage) -> AsyncIterator[None]:
    shared = os.open(f"{stage.database}-shm", os.O_RDWR)
    try:
        fcntl.lockf(shared, fcntl.LOCK_EX, _READ_LOCKS, _FIRST_READ_LOCK)
        yield
    finally:
        os.close(shared)


SCENARIO = Scenario(
    alert="DatabaseUnavailable",
    story="another process locks the database's file, and no query gets an answer",
    fault=_fault,
    sign=Sign("dependency_up", {"dependency": "database"}, equals=0),
    # The driver waits ten seconds for a lock, and cannot be interrupted.
    holds_within=45.0,
    calms_within=40.0,
)
