"""The nearest records to a query's vector: by NumPy over all of them in memory, or by pgvector's index.

SQLite has no index for vectors, and thousands of them are multiplied in a millisecond. PostgreSQL has HNSW.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from pgvector.sqlalchemy import VECTOR
from sqlalchemy import Float, cast, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.storage import Database
from backend.storage.schema import DIMENSIONS, record_vectors

from .embedding import Vectors

_NEAREST = 100  # records; fewer than half of them ever come near enough to count


class VectorSearch(Protocol):
    """Finds the records whose vectors point where another one does."""

    async def nearest(self, vector: Vectors) -> dict[str, float]:
        """The cosine of each near record with a unit vector of shape (DIMENSIONS,), by its key; {} for zeros."""


async def replace_vectors(connection: AsyncConnection, keys: Sequence[str], vectors: Vectors) -> None:
    """Make the table hold exactly these vectors, in the caller's transaction; the records must be there."""
    rows = [{"key": key, "vector": vector} for key, vector in zip(keys, vectors, strict=True)]
    await connection.execute(delete(record_vectors))
    if rows:
        await connection.execute(insert(record_vectors), rows)


async def load_matrix(connection: AsyncConnection, keys: Sequence[str]) -> Vectors:
    """The vectors of `keys`, in that order, shape (len(keys), DIMENSIONS); raises KeyError when one is missing."""
    rows = (await connection.execute(select(record_vectors.c.key, record_vectors.c.vector))).all()
    stored = {row.key: row.vector for row in rows}
    return np.array([stored[key] for key in keys], dtype=np.float32).reshape(len(keys), DIMENSIONS)


async def count_vectors(connection: AsyncConnection) -> int:
    """How many vectors are stored."""
    return int((await connection.execute(select(func.count()).select_from(record_vectors))).scalar_one())


async def open_vectors(database: Database, keys: Sequence[str]) -> VectorSearch:
    """The way to search that suits the database; the vectors of `keys` must be stored."""
    if database.engine.dialect.name == "postgresql":
        return IndexedVectors(database)
    return VectorsInMemory(keys, await database.read(lambda connection: load_matrix(connection, keys)))


class VectorsInMemory:
    """All vectors as one matrix, a row for each key."""

    def __init__(self, keys: Sequence[str], matrix: Vectors) -> None:
        self._keys = keys
        self._matrix = matrix

    async def nearest(self, vector: Vectors) -> dict[str, float]:
        """The cosine of every record, exactly."""
        if not vector.any():
            return {}
        return dict(zip(self._keys, (self._matrix @ vector).tolist(), strict=True))


class IndexedVectors:
    """pgvector's HNSW index: of the nearest, a few may be missed, and what is found is exact."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def nearest(self, vector: Vectors) -> dict[str, float]:
        """The cosines of the nearest records, at most 100."""
        if not vector.any():
            return {}
        distance = record_vectors.c.vector.op("<=>", return_type=Float())(cast(vector, VECTOR(DIMENSIONS)))
        query = select(record_vectors.c.key, (1 - distance).label("cosine")).order_by(distance).limit(_NEAREST)

        async def ask(connection: AsyncConnection) -> dict[str, float]:
            return {row.key: row.cosine for row in await connection.execute(query)}

        return await self._database.read(ask)
