"""Every statement is counted and timed, whoever sends it and however it ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from backend.core.monitoring.metrics import REGISTRY
from backend.storage import Database
from backend.storage.query_metrics import OPERATIONS, classify
from backend.storage.schema import metadata, seeds

STATEMENTS = [
    ("SELECT key FROM records WHERE key = ?", "select", "records"),
    ("  \n select count(*)\nFROM seeds", "select", "seeds"),
    ('SELECT "key" FROM "record_vectors"', "select", "record_vectors"),
    ("INSERT INTO seeds (name) VALUES (?)", "insert", "seeds"),
    ("INSERT OR REPLACE INTO seeds (name) VALUES (?)", "insert", "seeds"),
    ("REPLACE INTO seeds (name) VALUES (?)", "insert", "seeds"),
    ("UPDATE seeds SET name = ?", "update", "seeds"),
    ("UPDATE OR IGNORE seeds SET name = ?", "update", "seeds"),
    ("DELETE FROM records_fts", "delete", "records_fts"),
    ("WITH a AS (SELECT 1 FROM seeds) SELECT * FROM records", "select", "records"),
    ("WITH a AS (SELECT 1) DELETE FROM records", "delete", "records"),
    ("SELECT 1", "select", "other"),
    ("BEGIN IMMEDIATE", "other", "other"),
    ("PRAGMA foreign_keys", "other", "other"),
    ("", "other", "other"),
]


@pytest.mark.parametrize(("statement", "operation", "table"), STATEMENTS)
def test_a_statement_tells_its_operation_and_table(statement: str, operation: str, table: str) -> None:
    """The labels are read from the statement itself."""
    assert classify(statement) == (operation, table)


@given(st.text(max_size=300))
def test_any_text_is_classified(statement: str) -> None:
    """Whatever stands in a statement, its operation is one of the five."""
    assert classify(statement)[0] in {*OPERATIONS, "other"}


def test_the_known_label_sets_exist_at_zero() -> None:
    """Before the first statement, every operation on every own table is on the page."""
    Database("sqlite+aiosqlite:///unused.db")
    for table in (*metadata.tables, "records_fts"):
        for operation in OPERATIONS:
            assert REGISTRY.value("db_queries_total", operation=operation, table=table) is not None
            assert REGISTRY.value("db_query_duration_seconds_count", operation=operation, table=table) is not None


async def test_each_statement_counts_once(database: Database, rise: Any) -> None:
    """Counter and histogram rise by one for each statement that is sent."""
    watched = {
        operation: (
            rise("db_queries_total", operation=operation, table="seeds"),
            rise("db_query_duration_seconds_count", operation=operation, table="seeds"),
        )
        for operation in OPERATIONS
    }
    async with database.begin() as connection:
        await connection.execute(insert(seeds), [{"name": str(n), "content_hash": ""} for n in range(5)])
        await connection.execute(update(seeds).values(content_hash="x"))
        await connection.execute(delete(seeds).where(seeds.c.name == "1"))
    async with database.connect() as connection:
        await connection.execute(select(seeds))
    for count, timed in watched.values():
        assert (count(), timed()) == (1, 1)


async def test_a_failed_statement_counts_too(database: Database, rise: Any) -> None:
    """An error in the database is a statement like any other."""
    count = rise("db_queries_total", operation="select", table="records")
    timed = rise("db_query_duration_seconds_count", operation="select", table="records")
    async with database.connect() as connection:
        with pytest.raises(DBAPIError):
            await connection.execute(text("SELECT nothing FROM records"))
    assert (count(), timed()) == (1, 1)


async def test_a_cancelled_statement_counts_too(database: Database, rise: Any) -> None:
    """A statement whose caller went away was sent all the same."""
    count = rise("db_queries_total", operation="select", table="other")
    endless = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT max(i) FROM n"
    )

    async def ask() -> None:
        async with database.connect() as connection:
            await connection.execute(endless)

    asking = asyncio.create_task(ask())
    await asyncio.sleep(0.02)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert count() == 1


async def test_a_foreign_table_cannot_make_a_label(database: Database, rise: Any) -> None:
    """Tables that are not ours share one label, so that no statement can grow the metrics."""
    count = rise("db_queries_total", operation="select", table="other")
    async with database.connect() as connection:
        await connection.execute(text("SELECT version_num FROM alembic_version"))
    assert count() == 1
    assert REGISTRY.value("db_queries_total", operation="select", table="alembic_version") is None
