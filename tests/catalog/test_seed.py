"""Seeding makes the tables hold what the data file says: once, all of it, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import text

from backend.catalog.embedding import Embedder
from backend.catalog.records import Record, parse_csv
from backend.catalog.seed import content_hash, seed
from backend.storage import Database

TABLES = ("records", "record_vectors", "records_fts")


def everywhere(keys: Iterable[str]) -> dict[str, list[str]]:
    """These keys in each table of the catalogue."""
    ordered = sorted(keys)
    return dict.fromkeys(TABLES, ordered)


async def contents(database: Database) -> dict[str, list[str]]:
    """The keys in each table of the catalogue."""
    async with database.connect() as connection:
        return {
            table: list((await connection.execute(text(f"SELECT key FROM {table} ORDER BY key"))).scalars())
            for table in TABLES
        }


async def test_every_record_is_in_every_table(database: Database, data: bytes) -> None:
    """A record, its vector and its words come together."""
    await seed(database, Embedder(), data)
    assert await contents(database) == everywhere(record.key for record in parse_csv(data))


async def test_the_same_content_is_written_once(database: Database, data: bytes, rise: Any) -> None:
    """A second seeding finds its hash and writes nothing."""
    await seed(database, Embedder(), data)
    writes = rise("db_queries_total", operation="insert", table="records")
    assert await seed(database, Embedder(), data) == content_hash(data)
    assert writes() == 0


async def test_changed_content_updates_adds_and_removes(database: Database, data: bytes) -> None:
    """After a change of the file, the tables hold exactly the new rows."""
    await seed(database, Embedder(), data)
    header, first, second, *_ = data.split(b"\n")
    changed = b"\n".join([header, second.replace(b"Agates", b"Fine Agates"), first.replace(b"adilabad", b"new"), b""])
    await seed(database, Embedder(), changed)
    assert await contents(database) == everywhere(["agates-of-cambay", "new-dokra"])
    async with database.connect() as connection:
        name = (await connection.execute(text("SELECT name FROM records WHERE key = 'agates-of-cambay'"))).scalar_one()
    assert name == "Fine Agates of Cambay"


async def test_a_broken_file_changes_nothing(database: Database, data: bytes) -> None:
    """A row that cannot be stored leaves the catalogue as it was."""
    await seed(database, Embedder(), data)
    before = await contents(database)
    header, first, *_ = data.split(b"\n")
    with pytest.raises(Exception, match=r"(?i)unique"):
        await seed(database, Embedder(), b"\n".join([header, first, first, b""]))
    assert await contents(database) == before


async def test_many_may_seed_at_once(database: Database, data: bytes, rise: Any) -> None:
    """Of workers that start together one writes, and the others find it done."""
    writes = rise("db_queries_total", operation="insert", table="seeds")
    await asyncio.gather(*(seed(database, Embedder(), data) for _ in range(5)))
    assert writes() == 1


def test_a_record_survives_its_row(data: bytes) -> None:
    """What is stored of a record gives the same record back."""
    for record in parse_csv(data):
        assert Record.from_row(record.as_row()) == record  # type: ignore[arg-type]
