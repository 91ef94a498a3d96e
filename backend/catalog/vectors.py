"""The stored vectors: blobs in the database, one matrix in memory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.storage.schema import record_vectors

from .embedding import DIMENSIONS, Vectors

_STORED = np.dtype("<f4")  # little-endian on every machine


async def replace_vectors(connection: AsyncConnection, keys: Sequence[str], vectors: Vectors) -> None:
    """Make the table hold exactly these vectors, in the caller's transaction; the records must be there."""
    rows = [{"key": key, "vector": vector.astype(_STORED).tobytes()} for key, vector in zip(keys, vectors, strict=True)]
    await connection.execute(delete(record_vectors))
    if rows:
        await connection.execute(insert(record_vectors), rows)


async def load_matrix(connection: AsyncConnection, keys: Sequence[str]) -> Vectors:
    """The vectors of `keys`, in that order, shape (len(keys), DIMENSIONS); raises KeyError when one is missing."""
    rows = (await connection.execute(select(record_vectors.c.key, record_vectors.c.vector))).all()
    blobs = {row.key: row.vector for row in rows}
    joined = b"".join(blobs[key] for key in keys)
    return np.frombuffer(joined, dtype=_STORED).reshape(len(keys), DIMENSIONS).astype(np.float32)


async def count_vectors(connection: AsyncConnection) -> int:
    """How many vectors are stored."""
    return int((await connection.execute(select(func.count()).select_from(record_vectors))).scalar_one())
