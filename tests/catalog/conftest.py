"""One catalogue, seeded from the real data into a real database, shared by the tests that only read it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from backend.catalog import Catalogue
from backend.catalog.seed import DATA_FILE
from backend.storage import Database, MemoryCache, ReadThrough

T = TypeVar("T")


class Library:
    """A started catalogue and the event loop that it lives in."""

    def __init__(self, runner: asyncio.Runner, url: str) -> None:
        self._runner = runner
        self.database = Database(url)
        cache = MemoryCache()
        self.catalogue = Catalogue(
            self.database, search_cache=ReadThrough(cache, "search"), embedding_cache=ReadThrough(cache, "embedding")
        )

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of `coroutine` in the catalogue's loop."""
        return self._runner.run(coroutine)

    def keys(self, query: str, **options: Any) -> list[str]:
        """The keys of the records found for `query`, best first."""
        return [hit.record.key for hit in self.run(self.catalogue.search(query, **options)).hits]


@pytest.fixture(scope="session")
def library(new_database_url: Callable[[], str]) -> Iterator[Library]:
    """The real catalogue, in each kind of database."""
    with asyncio.Runner() as runner:
        library = Library(runner, new_database_url())
        runner.run(library.database.start())
        runner.run(library.catalogue.start())
        yield library
        runner.run(library.database.close())


@pytest.fixture
def data() -> bytes:
    """The content of the real data file."""
    return DATA_FILE.read_bytes()
