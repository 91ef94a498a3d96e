"""The database: ways to use it (read, write), and a start that makes it ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from sqlite3 import Error as SQLiteError
from typing import TypeVar

from alembic.util import CommandError
from asyncpg import PostgresError
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from backend.core.errors import ConfigError, DatabaseUnavailable
from backend.core.monitoring import get_logger

from . import migrate, postgresql, sqlite
from .limits import Limits
from .pool_metrics import PoolMetrics
from .query_metrics import QueryMetrics
from .schema import FULLTEXT_TABLE, metadata, seeds
from .writing import WRITE

T = TypeVar("T")
logger = get_logger(__name__)

_DIALECTS = {"sqlite": sqlite, "postgresql": postgresql}
_PAUSES = (0.05, 0.25, 1.0)  # seconds before each further try of a reading whose connection broke

_CANNOT_BE_USED = (OSError, DBAPIError, SQLiteError, PostgresError, PoolTimeout, CommandError)
_QUERY_CANCELED = "57014"  # https://www.postgresql.org/docs/current/errcodes-appendix.html


class Database:
    """The one way to the tables. Constructing it does no I/O; `start()` creates and migrates it."""

    def __init__(self, url: str, limits: Limits = Limits()) -> None:  # noqa: B008  it is frozen
        try:
            self._url = make_url(url)
            dialect = _DIALECTS[self._url.get_backend_name()]
        except (ArgumentError, KeyError):
            raise ConfigError(
                "DATABASE_URL is not a URL in SQLAlchemy's form, e.g. sqlite+aiosqlite:///x.db"
                " or postgresql+asyncpg://user:password@host/name"
            ) from None
        self._limits = limits
        self._prepare, self._look = dialect.prepare, dialect.look
        self.engine: AsyncEngine = dialect.create_engine(self._url, limits)
        self._read_engine = self.engine.execution_options(**dialect.READING)
        self._write_engine = self.engine.execution_options(**{WRITE: True})
        QueryMetrics(self.engine.sync_engine, (*metadata.tables, FULLTEXT_TABLE))
        self._pool_metrics = PoolMetrics(self.engine.pool, limits.pool_size)

    @property
    def address(self) -> str:
        """Its URL without the password."""
        return self._url.render_as_string(hide_password=True)

    async def start(self) -> None:
        """Create what is missing, up to the newest schema; safe to repeat and in many processes at once.

        Raises ConfigError when the database cannot be opened, read or written.
        """
        try:
            await asyncio.to_thread(self._prepare, self._url)
            await self._migrate()
        except _CANNOT_BE_USED as error:
            await self.close()
            raise self._unusable(error) from error

    async def _migrate(self) -> None:
        # Whoever finds the newest one needs no write lock.
        async with self.connect() as connection:
            if (await connection.run_sync(migrate.revision)).is_newest:
                return
        async with self.begin() as connection:
            await connection.run_sync(migrate.upgrade)

    async def revision(self) -> migrate.Revision:
        """Where the schema stands; changes nothing, and of SQLite does not even create the file.

        Raises ConfigError when the database cannot be opened or read.
        """
        try:
            await asyncio.to_thread(self._look, self._url)
            async with self.connect() as connection:
                return await connection.run_sync(migrate.revision)
        except _CANNOT_BE_USED as error:
            await self.close()
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> ConfigError:
        return ConfigError(f"DATABASE_URL={self.address}: the database cannot be used: {_reason(error)}")

    async def close(self) -> None:
        """Close all connections; may be repeated."""
        await self.engine.dispose()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading; each statement sees the newest committed data."""
        async with AsyncExitStack() as stack:
            with self._pool_metrics.waiting():
                connection = await stack.enter_async_context(self._read_engine.connect())
            yield connection

    async def read(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """What `work` reads by a connection; `work` is called again when the connection turns out to be broken.

        A server that restarts or fails over breaks every connection of the pool, and the first to notice are requests
        that did nothing wrong. Raises DatabaseUnavailable when it stays away or does not answer in time, DBAPIError
        when the database refused a statement.
        """
        for pause in (*_PAUSES, None):
            try:
                async with asyncio.timeout(self._limits.statement_seconds + self._limits.pool_seconds):
                    async with self.connect() as connection:
                        return await work(connection)
            except (OSError, PostgresError, DBAPIError, PoolTimeout) as error:
                if _is_refusal(error):
                    raise
                if pause is None or _took_too_long(error):
                    raise DatabaseUnavailable("The database is not available; try again in a moment.") from error
                logger.warning("database_connection_broken", error_type=type(error).__name__, error=_reason(error))
                await asyncio.sleep(pause)
        raise AssertionError("the last pause is None")

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A write transaction, one at a time: committed at the end, rolled back on any error."""
        async with self._write_engine.begin() as connection:
            yield connection

    async def ping(self) -> None:
        """Read from a real table; raises when that is not possible."""
        await self.read(lambda connection: connection.execute(select(seeds.c.name).limit(1)))


def _took_too_long(error: Exception) -> bool:
    """Whether trying again would take as long: no connection, no answer, or none within the statement's time."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, (TimeoutError, PoolTimeout)) or getattr(cause, "sqlstate", None) == _QUERY_CANCELED


def _is_refusal(error: Exception) -> bool:
    """Whether the database was there, and did not want the statement."""
    return isinstance(error, DBAPIError) and not error.connection_invalidated and not _took_too_long(error)


def _reason(error: Exception) -> str:
    """The driver's own words, on one line, without the statement that met the problem."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(cause or type(error).__name__).split())
