"""database: can it be opened, is its schema the one that this version knows, can it be written."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from shlex import quote
from urllib.parse import quote as url_quoted
from urllib.parse import unquote, urlencode

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from asyncpg import PostgresError
from sqlalchemy import Connection
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm, Skipped
from artisan.doctor.patient import Patient
from backend.core.errors import DatabaseUnavailable
from backend.storage import Database
from backend.storage.migrate import alembic_config

_SECONDS = 5.0
_NO_START = "The service does not start, and one that runs answers nothing."


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """The file and its folder, or the server; then its schema."""
    try:
        url = make_url(patient.settings.database_url)
    except ArgumentError:
        raise Skipped("DATABASE_URL cannot be read") from None
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or ":memory:")
        if str(path) == ":memory:" or str(path).startswith("file:"):
            raise Skipped("the database is kept in memory")
        if found := await asyncio.to_thread(_file, path):
            yield found
            return
        if not await asyncio.to_thread(path.exists):
            return  # the first start makes it
        uri, options = _untouched(path)
        url = URL.create(url.drivername, database=uri, query={**options, "uri": "true"})
    async for finding in _schema(patient, url):
        yield finding


CHECK = Check("database", examine, needs=("database_url",))


def _file(path: Path) -> Finding | None:
    """What is wrong with a SQLite file before it is opened as a database; it need not exist yet."""
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir():
        what = f"The database cannot be made at {path}, because {folder} is a file."
        return Finding(Harm.CRITICAL, what, _NO_START, f"mv {quote(str(folder))} {quote(f'{folder}.old')}")
    for place in (folder, path):
        # Also false on a file system that is mounted read-only, even for root.
        if place.exists() and not os.access(place, os.W_OK):
            what = f"{place} cannot be written, where the database is kept."
            return Finding(
                Harm.CRITICAL, what, _NO_START, f"ls -ld {quote(str(place))} && findmnt -T {quote(str(place))}"
            )
    try:
        if path.exists():
            uri, options = _untouched(path)
            with closing(sqlite3.connect(f"{uri}?{urlencode(options)}", uri=True)) as connection:
                connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error as error:
        what = f"{path} is no database that can be read: {error}."
        return Finding(Harm.CRITICAL, what, _NO_START, f"mv {quote(str(path))} {quote(f'{path}.broken')}")
    return None


def _untouched(path: Path) -> tuple[str, dict[str, str]]:
    """The URI and options by which SQLite opens a file without changing it.

    Where it has no write-ahead log nobody has it open, and `immutable` keeps SQLite from making one.
    """
    options = {"mode": "ro"} if Path(f"{path}-wal").exists() else {"mode": "ro", "immutable": "1"}
    return f"file:{url_quoted(path.absolute().as_posix())}", options


async def _schema(patient: Patient, url: URL) -> AsyncIterator[Finding]:
    address = make_url(patient.settings.database_url).render_as_string(hide_password=True)
    database = Database(url.render_as_string(hide_password=False))
    try:
        async with asyncio.timeout(_SECONDS):
            async with database.connect() as connection:
                revision, known = await connection.run_sync(_revisions)
            if revision == known[-1]:
                await database.ping()
    except TimeoutError:
        what = f"The database at {address} does not answer within {_SECONDS:g} s."
        yield Finding(Harm.CRITICAL, what, _NO_START, _look(url))
    except (OSError, DBAPIError, PostgresError, PoolTimeout, DatabaseUnavailable) as error:
        what = f"The database at {address} cannot be used: {_words(error)}."
        yield Finding(Harm.CRITICAL, what, _NO_START, _look(url))
    else:
        for finding in _verdict(patient, revision, known):
            yield finding
    finally:
        await database.close()


def _revisions(connection: Connection) -> tuple[str | None, list[str]]:
    """That of the database, and those that this version knows, the newest last."""
    script = ScriptDirectory.from_config(alembic_config(connection))
    known = [revision.revision for revision in script.walk_revisions()][::-1]
    return MigrationContext.configure(connection).get_current_revision(), known


def _verdict(patient: Patient, revision: str | None, known: list[str]) -> list[Finding]:
    if revision == known[-1]:
        return []
    start = "python -m backend.main"
    if revision is None:
        what, means = "The database has no tables yet.", "The first start of the service makes and fills them."
        return [Finding(Harm.NOTE, what, means, start)]
    if revision in known:
        what = f"The schema of the database is behind: it is at {revision}, and this version wants {known[-1]}."
        harm = Harm.WARNING if patient.is_production else Harm.NOTE
        means = "The next start of the service migrates it, which older versions may not bear: make a copy first."
        return [Finding(harm, what, means, start)]
    what = f"The schema of the database is newer than this version: it is at {revision}, which is not known here."
    return [Finding(Harm.CRITICAL, what, _NO_START, "git pull && make setup")]


def _look(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return f"ls -l {quote(unquote(str(url.database).removeprefix('file:')))}"
    host = f"-h {url.host} " if url.host else ""
    return f"pg_isready {host}-p {url.port or 5432} -d {url.database or 'postgres'}"


def _words(error: BaseException) -> str:
    """The driver's own, on one line and without the statement."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return " ".join(str(cause or type(error).__name__).split()).rstrip(".")
