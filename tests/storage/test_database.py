"""The database makes itself ready, keeps what it is given, and says in one sentence why it cannot."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError

from backend.core.errors import ConfigError, DatabaseUnavailable
from backend.core.monitoring.metrics import REGISTRY
from backend.storage import Database, Limits
from backend.storage.migrate import MIGRATIONS
from backend.storage.schema import DIMENSIONS, FULLTEXT_TABLE, metadata, record_vectors, seeds

ROOT = MIGRATIONS.parent
START = "import asyncio, sys; from backend.storage import Database; asyncio.run(Database(sys.argv[1]).start())"


async def names(database: Database) -> list[str]:
    """What is in the table `seeds`."""
    async with database.connect() as connection:
        return list((await connection.execute(select(seeds.c.name).order_by(seeds.c.name))).scalars())


async def test_starting_again_changes_nothing(database: Database, database_url: str) -> None:
    """A start on what is there keeps its rows."""
    async with database.begin() as connection:
        await connection.execute(insert(seeds).values(name="a", content_hash="x"))
    await database.start()
    second = Database(database_url)
    await second.start()
    assert await names(second) == ["a"]
    await second.close()


async def test_many_may_start_at_once(database_url: str) -> None:
    """Workers of one process and others race to the empty database, and all of them win."""
    here = [Database(database_url) for _ in range(4)]
    command = (sys.executable, "-c", START, database_url)
    others = [await asyncio.create_subprocess_exec(*command, cwd=ROOT) for _ in range(3)]
    await asyncio.gather(*(database.start() for database in here))
    assert [await other.wait() for other in others] == [0, 0, 0]
    assert await names(here[0]) == []
    for database in here:
        await database.close()


async def test_the_migrations_make_the_tables_of_the_schema(database: Database) -> None:
    """What Alembic builds is what the code believes in."""

    def differences(connection: Connection) -> list[object]:
        def ours(name: str | None, kind: str, _parents: object) -> bool:
            if kind == "index":
                return name != "ix_record_vectors_vector"
            return kind != "table" or not str(name).startswith(FULLTEXT_TABLE)

        context = MigrationContext.configure(connection, opts={"include_name": ours, "compare_type": True})
        return list(compare_metadata(context, metadata))

    async with database.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_schema_can_go_back_and_forth(database_url: str) -> None:
    """A developer's `alembic` works from the shell, in both directions."""
    if database_url.startswith("sqlite"):
        Path(str(make_url(database_url).database)).parent.mkdir()
    environment = {"DATABASE_URL": database_url, "PATH": ""}
    for step in (["upgrade", "head"], ["downgrade", "base"], ["upgrade", "head"], ["check"]):
        command = [sys.executable, "-m", "alembic", *step]
        outcome = await asyncio.to_thread(
            subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert outcome.returncode == 0, outcome.stderr


async def test_a_failed_write_leaves_nothing(database: Database) -> None:
    """A transaction is kept whole or not at all."""

    async def write_and_fail() -> None:
        async with database.begin() as connection:
            await connection.execute(insert(seeds).values(name="a", content_hash="x"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await write_and_fail()
    assert await names(database) == []


async def test_writers_wait_for_each_other(database: Database) -> None:
    """Two that read before they write cannot both fail on the lock: a write begins with it."""

    async def add_one() -> None:
        async with database.begin() as connection:
            count = len((await connection.execute(select(seeds))).all())
            await connection.execute(insert(seeds).values(name=f"{count:02}", content_hash=""))

    await asyncio.gather(*(add_one() for _ in range(12)))
    assert await names(database) == [f"{number:02}" for number in range(12)]


async def test_a_vector_needs_its_record(database: Database) -> None:
    """Foreign keys are kept, which SQLite does only when told to."""
    with pytest.raises(IntegrityError):
        async with database.begin() as connection:
            await connection.execute(insert(record_vectors).values(key="nobody", vector=np.ones(DIMENSIONS)))


async def test_a_database_from_the_future_is_told_in_one_sentence(database: Database, database_url: str) -> None:
    """A schema that this version does not know is left alone."""
    async with database.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = 'future'"))
    with pytest.raises(ConfigError, match="future"):
        await Database(database_url).start()


def test_a_url_that_is_none_is_told_in_one_sentence() -> None:
    """Nonsense in the setting stops at once."""
    with pytest.raises(ConfigError, match="DATABASE_URL"):
        Database("nonsense")


async def test_ping_raises_when_the_tables_are_gone(database: Database) -> None:
    """Ping reads a real table, so that a database without them is not called healthy."""
    await database.ping()
    async with database.begin() as connection:
        await connection.execute(text("DROP TABLE seeds"))
    with pytest.raises(DBAPIError):
        await database.ping()


async def test_a_reading_that_ends_leaves_its_connection_to_the_next(database_url: str, rise: Any) -> None:
    """The pool's gauges, its limit and the time of waiting say what the pool is doing."""
    waits, late = rise("db_pool_wait_seconds_count"), rise("db_pool_timeouts_total")
    used, idle = rise("db_pool_connections", state="used"), rise("db_pool_connections", state="idle")
    database = Database(database_url, Limits(pool_size=2))
    await database.start()
    async with database.connect(), database.connect():
        assert used() == 2
    assert (used(), idle()) == (0, 2)
    assert REGISTRY.value("db_pool_connections_max") == 2
    assert waits() == 3  # start() looks at the schema first
    await database.close()
    assert (used(), idle(), late()) == (0, 0, 0)


async def test_who_gets_no_connection_in_time_is_told_so(database_url: str, rise: Any, monkeypatch: Any) -> None:
    """A pool that is used up is a database that is not available, and is counted."""
    monkeypatch.setattr("backend.storage.sqlite._BUSY_SECONDS", 0.1)
    late = rise("db_pool_timeouts_total")
    database = Database(database_url, Limits(pool_size=2, pool_seconds=0.1))
    await database.start()
    async with database.connect(), database.connect():
        with pytest.raises(DatabaseUnavailable):
            await database.ping()
    assert late() == 1
    await database.ping()
    await database.close()
