"""What only SQLite needs: its folder, its pragmas and its write lock.

`postgresql` is the other module of this kind. Nothing else knows which database it talks to, but the migrations and the
two searches of the catalogue (`backend.catalog.fulltext`, `backend.catalog.vectors`).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from .limits import Limits
from .writing import WRITE

READING: dict[str, str] = {}  # execution options of a connection that reads

_BUSY_SECONDS = 10.0  # how long a writer waits for another one; also covers processes that start together
_RETRY_SECONDS = 0.005
_PRAGMAS = (
    "PRAGMA synchronous = NORMAL",  # safe with WAL against crashes of the process
    "PRAGMA foreign_keys = ON",
)


def create_engine(url: URL, limits: Limits) -> AsyncEngine:
    """An engine whose connections have the pragmas and begin writes with the lock already taken; no I/O yet."""
    options = {"timeout": _BUSY_SECONDS, "isolation_level": None}
    pool: dict[str, Any] = {}
    if _is_file(url):  # one in memory is a single connection
        # Each of those ahead may be waiting for the write lock.
        waiting = _BUSY_SECONDS + limits.pool_seconds
        pool = {"pool_size": limits.pool_size, "max_overflow": 0, "pool_timeout": waiting}
    # Parameters hold what people asked; an error's text must not carry them into a log.
    engine = create_async_engine(url, connect_args=options, hide_parameters=True, **pool)
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    event.listen(engine.sync_engine, "begin", _lock_for_writing)
    return engine


def prepare(url: URL) -> None:
    """Make the database file and its folder, if the database is one; raises OSError or sqlite3.Error.

    Opening it here first has a reason: a connection of aiosqlite that cannot be opened leaves a thread behind, which
    dies with a traceback of its own when the event loop is closed.
    """
    if url.database and _is_file(url):
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(url.database, timeout=_BUSY_SECONDS)) as connection:
            _write_ahead(connection)


def look(url: URL) -> None:
    """Raises FileNotFoundError when there is no file: connecting would make one."""
    if url.database and _is_file(url) and not Path(url.database).exists():
        raise FileNotFoundError(f"{url.database} does not exist")


def _is_file(url: URL) -> bool:
    return bool(url.database) and url.database != ":memory:" and not str(url.database).startswith("file:")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Give the file a write-ahead log, which it keeps: then readers and the writer do not block each other.

    This is the one statement that SQLite does not let wait for a lock: where another process is at the same, it fails
    at once, whatever the timeout (https://sqlite.org/pragma.html#pragma_journal_mode).
    """
    deadline = monotonic() + _BUSY_SECONDS
    while not _becomes_wal(connection, give_up=monotonic() > deadline):
        sleep(_RETRY_SECONDS)


def _becomes_wal(connection: sqlite3.Connection, *, give_up: bool) -> bool:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if give_up or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _lock_for_writing(connection: Connection) -> None:
    # The driver begins nothing by itself (isolation_level None): each read sees the newest data, and a write takes
    # the lock at once. One that began as a read would fail instead of waiting when it has to be upgraded.
    if connection.get_execution_options().get(WRITE):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
