"""The database makes itself ready, keeps what it is given, and says in one sentence why it cannot."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError

from backend.core.errors import ConfigError
from backend.storage import Database
from backend.storage.migrate import MIGRATIONS
from backend.storage.schema import metadata, record_vectors, seeds
from backend.storage.sqlite import FULLTEXT_TABLE, create_file

ROOT = MIGRATIONS.parent
START = "import asyncio, sys; from backend.storage import Database; asyncio.run(Database(sys.argv[1]).start())"


async def names(database: Database) -> list[str]:
    """What is in the table `seeds`."""
    async with database.connect() as connection:
        return list((await connection.execute(select(seeds.c.name).order_by(seeds.c.name))).scalars())


async def test_start_creates_the_folder_and_the_tables(database_url: str, tmp_path: Path) -> None:
    """A first start needs nothing but a place to write."""
    database = Database(database_url)
    assert not (tmp_path / "data").exists()
    await database.start()
    await database.ping()
    await database.close()
    assert (tmp_path / "data" / "artisan.db").exists()


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


async def test_many_may_make_the_file_at_once(tmp_path: Path) -> None:
    """The step that SQLite lets nobody wait for, the write-ahead log of a new file, is made by whoever comes first."""
    for turn in range(20):
        url = make_url(f"sqlite+aiosqlite:///{tmp_path}/{turn}.db")
        await asyncio.gather(*(asyncio.to_thread(create_file, url) for _ in range(8)))


async def test_the_migrations_make_the_tables_of_the_schema(database: Database) -> None:
    """What Alembic builds is what the code believes in."""

    def differences(connection: Connection) -> list[object]:
        def ours(name: str | None, kind: str, _parents: object) -> bool:
            return kind != "table" or not str(name).startswith(FULLTEXT_TABLE)

        context = MigrationContext.configure(connection, opts={"include_name": ours, "compare_type": True})
        return list(compare_metadata(context, metadata))

    async with database.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_the_schema_can_go_back_and_forth(database_url: str, tmp_path: Path) -> None:
    """A developer's `alembic` works from the shell, in both directions."""
    (tmp_path / "data").mkdir()
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


async def test_readers_and_the_writer_do_not_wait_for_each_other(database: Database, tmp_path: Path) -> None:
    """While somebody writes, others read what was there before; while somebody reads, others write."""
    with closing(sqlite3.connect(tmp_path / "data" / "artisan.db")) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT name FROM seeds").fetchall() == []
        async with database.begin() as connection:
            await connection.execute(insert(seeds).values(name="a", content_hash="x"))
            assert await names(database) == []
        assert await names(database) == ["a"]
        assert reader.execute("SELECT name FROM seeds").fetchall() == []


async def test_a_vector_needs_its_record(database: Database) -> None:
    """Foreign keys are kept, which SQLite does only when told to."""
    with pytest.raises(IntegrityError):
        async with database.begin() as connection:
            await connection.execute(insert(record_vectors).values(key="nobody", vector=b""))


async def test_a_corrupt_file_is_told_in_one_sentence(database_url: str, tmp_path: Path) -> None:
    """What is no database stops the start with the setting's name and the reason."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "artisan.db").write_bytes(b"not a database" * 1000)
    with pytest.raises(ConfigError, match=r"^DATABASE_URL=sqlite.*artisan\.db.*file is not a database$"):
        await Database(database_url).start()


async def test_a_place_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path) -> None:
    """A file where a folder should be, or a folder where the file should be."""
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "artisan.db", tmp_path):
        with pytest.raises(ConfigError, match=r"^DATABASE_URL=.*cannot be used: .+$"):
            await Database(f"sqlite+aiosqlite:///{path}").start()


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


async def test_ping_raises_when_the_tables_are_gone(database: Database, tmp_path: Path) -> None:
    """Ping reads a real table, so that a database without them is not called healthy."""
    await database.ping()
    with closing(sqlite3.connect(tmp_path / "data" / "artisan.db")) as connection:
        connection.execute("DROP TABLE seeds")
    with pytest.raises(DBAPIError):
        await database.ping()
