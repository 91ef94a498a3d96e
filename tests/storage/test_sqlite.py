"""What is told of SQLite's file: how it comes to be, who waits for whom, and what is wrong with it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.engine import make_url

from backend.core.errors import ConfigError
from backend.storage import Database
from backend.storage.schema import seeds
from backend.storage.sqlite import prepare


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """The address of a file that does not exist yet, in a folder that does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'data' / 'artisan.db'}"


async def names(database: Database) -> list[str]:
    """What is in the table `seeds`."""
    async with database.connect() as connection:
        return list((await connection.execute(select(seeds.c.name))).scalars())


async def test_start_creates_the_folder_and_the_tables(database_url: str, tmp_path: Path) -> None:
    """A first start needs nothing but a place to write."""
    database = Database(database_url)
    assert not (tmp_path / "data").exists()
    await database.start()
    await database.ping()
    await database.close()
    assert (tmp_path / "data" / "artisan.db").exists()


async def test_many_may_make_the_file_at_once(tmp_path: Path) -> None:
    """The step that SQLite lets nobody wait for, the write-ahead log of a new file, is made by whoever comes first."""
    for turn in range(20):
        url = make_url(f"sqlite+aiosqlite:///{tmp_path}/{turn}.db")
        await asyncio.gather(*(asyncio.to_thread(prepare, url) for _ in range(8)))
        with closing(sqlite3.connect(str(url.database))) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


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
