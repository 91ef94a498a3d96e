"""Brings the data file into the database: once for each content, all of it or nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.core.monitoring import get_logger
from backend.storage import Database
from backend.storage.schema import records as records_table
from backend.storage.schema import seeds

from .embedding import MODEL, Embedder, Vectors
from .fulltext import replace_index
from .records import Record, parse_csv
from .vectors import replace_vectors

logger = get_logger(__name__)

DATA_FILE = Path(__file__).parent / "data" / "records.csv"
_SEED = "catalogue"


def content_hash(content: bytes) -> str:
    """What the tables hold after seeding with `content`: it changes with the data, the model and the code."""
    digest = hashlib.sha256(content)
    digest.update(MODEL.encode())
    for source in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


async def seed(database: Database, embedder: Embedder, content: bytes) -> str:
    """Make the catalogue's tables hold exactly the records of `content`; returns its hash.

    Nothing is written when they do already. Safe in many processes at once: the write lock lets one do it, and the
    others find it done.
    """
    wanted = content_hash(content)
    if await database.read(_seeded) == wanted:
        return wanted
    records = parse_csv(content)
    vectors = await embedder.embed([record.text for record in records])
    async with database.begin() as connection:
        if await _seeded(connection) != wanted:
            await _replace(connection, records, vectors, wanted)
            logger.info("catalogue_seeded", records=len(records), content_hash=wanted[:12])
    return wanted


async def _seeded(connection: AsyncConnection) -> str | None:
    query = select(seeds.c.content_hash).where(seeds.c.name == _SEED)
    return (await connection.execute(query)).scalar_one_or_none()


async def _replace(connection: AsyncConnection, records: tuple[Record, ...], vectors: Vectors, wanted: str) -> None:
    await connection.execute(delete(records_table))
    if records:
        await connection.execute(insert(records_table), [record.as_row() for record in records])
    await replace_vectors(connection, [record.key for record in records], vectors)
    await replace_index(connection, records)
    await connection.execute(delete(seeds).where(seeds.c.name == _SEED))
    await connection.execute(insert(seeds).values(name=_SEED, content_hash=wanted))
