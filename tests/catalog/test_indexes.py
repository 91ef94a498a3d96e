"""PostgreSQL's indexes for words and for vectors: they are used, and they find what looking everywhere finds."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from backend.catalog.embedding import DIMENSIONS, Embedder, Vectors
from backend.catalog.records import parse_csv
from backend.catalog.seed import seed
from backend.catalog.vectors import IndexedVectors, VectorsInMemory, load_matrix
from backend.storage import Database
from tests.postgres import Postgres

from .test_questions import QUESTIONS


@pytest.fixture
async def database(postgres_server: Postgres, data: bytes) -> AsyncIterator[Database]:
    """A seeded database whose planner uses an index wherever there is one: the catalogue fits on a few pages."""
    database = Database(postgres_server.fresh_database())
    await database.start()
    await seed(database, Embedder(), data)
    name = database.engine.url.database
    postgres_server.sql(f"ALTER DATABASE {name} SET enable_seqscan = off")
    postgres_server.sql(f"ALTER DATABASE {name} SET enable_sort = off")
    await database.close()
    yield database
    await database.close()


async def plan(database: Database, statement: str) -> str:
    """How PostgreSQL goes about a statement."""
    async with database.connect() as connection:
        return "\n".join((await connection.execute(text(f"EXPLAIN {statement}"))).scalars())


async def test_words_are_found_by_their_index(database: Database) -> None:
    """A word is looked up, not searched for in every record."""
    query = "SELECT key FROM records_fts WHERE document @@ phraseto_tsquery('artisan', 'silk')"
    assert "ix_records_fts_document" in await plan(database, query)


async def test_vectors_are_found_by_their_index(database: Database) -> None:
    """The nearest are looked up, not computed for every record."""
    zeros = [0] * (DIMENSIONS - 1)
    query = f"SELECT key FROM record_vectors ORDER BY vector <=> '{[1, *zeros]}' LIMIT 100"
    assert "ix_record_vectors_vector" in await plan(database, query)


async def test_the_index_finds_the_same_as_looking_everywhere(database: Database, data: bytes) -> None:
    """Of the ten nearest to each question, at least 99 in 100 are found, with the same cosine."""
    keys = [record.key for record in parse_csv(data)]
    everywhere = VectorsInMemory(keys, await database.read(lambda connection: load_matrix(connection, keys)))
    indexed = IndexedVectors(database)
    vectors: Vectors = await Embedder().embed([question["question"] for question in QUESTIONS])
    found = wanted = 0
    for vector in vectors:
        exact, near = await everywhere.nearest(vector), await indexed.nearest(vector)
        assert all(abs(exact[key] - cosine) < 1e-4 for key, cosine in near.items())
        best = sorted(exact, key=exact.__getitem__, reverse=True)[:10]
        wanted += len(best)
        found += len(near.keys() & set(best))
    assert wanted >= 10 * len(QUESTIONS) - 100
    assert found / wanted >= 0.99
