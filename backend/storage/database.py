"""The database: one engine, two ways to use it (read, write), and a start that makes it ready."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from sqlite3 import Error as SQLiteError

from alembic.util import CommandError
from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from backend.core.errors import ConfigError

from . import migrate, sqlite
from .query_metrics import QueryMetrics
from .schema import metadata, seeds


class Database:
    """The one way to the tables. Constructing it does no I/O; `start()` creates and migrates it."""

    def __init__(self, url: str) -> None:
        try:
            self._url = make_url(url)
        except ArgumentError:
            raise ConfigError("DATABASE_URL is not a URL in SQLAlchemy's form, e.g. sqlite+aiosqlite:///x.db") from None
        self.engine: AsyncEngine = sqlite.create_engine(self._url)
        self._write_engine = self.engine.execution_options(**{sqlite.WRITE: True})
        QueryMetrics(self.engine.sync_engine, (*metadata.tables, sqlite.FULLTEXT_TABLE))

    async def start(self) -> None:
        """Create what is missing, up to the newest schema; safe to repeat and in many processes at once.

        Raises ConfigError when the database cannot be opened, read or written.
        """
        try:
            await asyncio.to_thread(sqlite.create_file, self._url)
            await self._migrate()
        except (OSError, DBAPIError, SQLiteError, CommandError) as error:
            await self.close()
            raise ConfigError(f"DATABASE_URL={self._url}: the database cannot be used: {_reason(error)}") from error

    async def _migrate(self) -> None:
        async with self.connect() as connection:
            if await connection.run_sync(migrate.is_current):
                return
        async with self.begin() as connection:
            await connection.run_sync(migrate.upgrade)

    async def close(self) -> None:
        """Close all connections; may be repeated."""
        await self.engine.dispose()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading; each statement sees the newest committed data."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A write transaction: committed at the end, rolled back on any error."""
        async with self._write_engine.begin() as connection:
            yield connection

    async def ping(self) -> None:
        """Read from a real table; raises when that is not possible."""
        async with self.connect() as connection:
            await connection.execute(select(seeds.c.name).limit(1))


def _reason(error: Exception) -> str:
    """The driver's own words, on one line, without the statement that met the problem."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(cause).split())
