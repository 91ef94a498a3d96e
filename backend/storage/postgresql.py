"""What only PostgreSQL needs: limits for its pool and its statements, and a lock for whoever writes.

Behind PgBouncer in its transaction mode, its `ignore_startup_parameters` must name what `_session` sets, and
DATABASE_URL ends in `?prepared_statement_cache_size=0`.
"""

from __future__ import annotations

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from .limits import Limits
from .writing import WRITE

READING = {"isolation_level": "AUTOCOMMIT"}  # each statement sees the newest data, without two more round trips

# Any number, as long as all replicas of all versions use the same one.
_WRITER_LOCK = 4_203_112_026
_WRITER_SECONDS = 120  # for those who wait while another replica migrates and seeds, and for long migrations
_CONNECT_SECONDS = 5


def create_engine(url: URL, limits: Limits) -> AsyncEngine:
    """An engine whose statements end in time and whose writers come one after another; no I/O yet."""
    engine = create_async_engine(
        url,
        pool_size=limits.pool_size,
        max_overflow=0,
        pool_timeout=limits.pool_seconds,
        connect_args={"timeout": _CONNECT_SECONDS, "server_settings": _session(limits)},
        # Parameters hold what people asked; an error's text must not carry them into a log.
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "begin", _lock_for_writing)
    return engine


def _session(limits: Limits) -> dict[str, str]:
    return {
        "application_name": "artisan-hub",
        "statement_timeout": f"{limits.statement_seconds * 1000:.0f}",
        "idle_in_transaction_session_timeout": "60000",  # a process that hangs must not keep its locks
        "jit": "off",  # compiling takes longer than any of our statements
        # pgvector's index gives no more rows than this, so it must be what is asked for (catalog.vectors) or more.
        "hnsw.ef_search": "100",
    }


def prepare(_: URL) -> None:
    """Nothing: the server, the database and the role are the operator's."""


def look(_: URL) -> None:
    """Nothing: connecting changes nothing."""


def _lock_for_writing(connection: Connection) -> None:
    """One writer at a time, as with SQLite: ten replicas may start on an empty database at once."""
    if connection.get_execution_options().get(WRITE):
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{_WRITER_SECONDS}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
