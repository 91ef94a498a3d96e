"""Moves a catalogue from one database to another, whatever kinds the two are."""

from __future__ import annotations

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.core.errors import ArtisanError
from backend.storage import Database
from backend.storage.schema import metadata, records

from .fulltext import replace_index
from .records import Record


class NotEmpty(ArtisanError):
    """The database to copy to has records already."""


async def copy_catalogue(source: Database, target: Database, *, replace: bool = False) -> dict[str, int]:
    """Copy all tables in one transaction and build the full-text index anew; returns the rows of each table.

    Both must be started. Raises NotEmpty where `target` has rows, unless they are to be replaced; the source is only
    read.
    """
    async with source.connect() as reading, target.begin() as writing:
        if not replace and await _has_rows(writing):
            raise NotEmpty(f"{target.address} has a catalogue already")
        for table in reversed(metadata.sorted_tables):  # those that others refer to go last
            await writing.execute(delete(table))
        copied: dict[str, int] = {}
        for table in metadata.sorted_tables:
            rows = [dict(row) for row in (await reading.execute(select(table))).mappings()]
            if rows:
                await writing.execute(insert(table), rows)
            copied[table.name] = len(rows)
        rows_of_records = (await writing.execute(select(records))).mappings().all()
        await replace_index(writing, map(Record.from_row, rows_of_records))
    return copied


async def count_rows(connection: AsyncConnection) -> dict[str, int]:
    """How many rows each table has."""
    counts = {}
    for table in metadata.sorted_tables:
        counts[table.name] = int((await connection.execute(select(func.count()).select_from(table))).scalar_one())
    return counts


async def _has_rows(connection: AsyncConnection) -> bool:
    return any((await count_rows(connection)).values())
