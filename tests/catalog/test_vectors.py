"""Embeddings: from the installed model alone, and the same when they come back from the database."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from backend.catalog.embedding import DIMENSIONS, Embedder
from backend.catalog.records import parse_csv
from backend.catalog.seed import seed
from backend.catalog.vectors import load_matrix
from backend.storage import Database


async def test_a_vector_has_the_length_one() -> None:
    """Texts become unit vectors, whether they come alone or together."""
    embedder = Embedder()
    together = await embedder.embed(["cotton yarn", "brass lamp"])
    alone = await embedder.embed(["cotton yarn"])
    assert together.shape == (2, DIMENSIONS)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(alone[0], together[0], rtol=1e-4, atol=1e-6)


async def test_what_means_alike_is_alike() -> None:
    """A fair is nearer to a festival than to a quarry."""
    fair, festival, quarry = await Embedder().embed(["a village fair", "a festival in the village", "a marble quarry"])
    assert fair @ festival > fair @ quarry


@pytest.mark.parametrize("text", ["", " ", "\ud800", "\x00", "x" * 20_000, "😀" * 50])
async def test_any_text_has_a_vector(text: str) -> None:
    """Nothing to embed gives zeros and never an error or a number that is none."""
    vector = (await Embedder().embed([text]))[0]
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) <= 1.001


async def test_loading_the_model_leaves_logging_alone() -> None:
    """The library configures the root logger when imported; that must not reach the service."""
    before = list(logging.getLogger().handlers), logging.getLogger().level
    await Embedder().load()
    assert (list(logging.getLogger().handlers), logging.getLogger().level) == before


async def test_vectors_come_back_as_they_were_stored(database_url: str, data: bytes) -> None:
    """The database gives back the very numbers, in the order that is asked for."""
    database = Database(database_url)
    await database.start()
    await seed(database, Embedder(), data)
    records = parse_csv(data)[:5]
    async with database.connect() as connection:
        matrix = await load_matrix(connection, [record.key for record in records])
        with pytest.raises(KeyError):
            await load_matrix(connection, ["nobody"])
    await database.close()
    expected = await Embedder().embed([record.text for record in records])
    np.testing.assert_allclose(matrix, expected, rtol=1e-4, atol=1e-6)
