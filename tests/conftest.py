"""What tests of every part share: captured log lines, counted differences, a real server on a free port."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
import uvicorn
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from backend.core.monitoring import configure_logging
from backend.core.monitoring.metrics import REGISTRY
from backend.core.monitoring.tracing import configure_tracing
from backend.core.monitoring.tracing.recorder import RecorderProvider
from backend.storage import Database
from tests.postgres import Postgres, postgres


class Lines:
    """The log lines written during a test."""

    def __init__(self, stream: io.BytesIO) -> None:
        self.stream = stream

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]

    def of(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.all() if line["event"] == event]


@pytest.fixture
def logs() -> Iterator[Lines]:
    """Production logging at DEBUG into memory."""
    stream = io.BytesIO()
    configure_logging(production=True, level="DEBUG", stream=stream)
    yield Lines(stream)
    configure_logging(production=True, level="WARNING")


@pytest.fixture
def spans() -> Iterator[Callable[[], list[ReadableSpan]]]:
    """Traces everything; gives the spans that have ended so far, in the order of their ends."""
    exporter = InMemorySpanExporter()
    configure_tracing(RecorderProvider(ALWAYS_ON, Resource({}), SimpleSpanProcessor(exporter)))
    yield lambda: list(exporter.get_finished_spans())
    configure_tracing(None)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """One real PostgreSQL for all tests; each takes databases of its own."""
    with postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def new_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Gives the address of an empty database each time; whoever asks for it is tested with each kind of database.

    Of SQLite's, neither the file nor its folder is there yet.
    """
    if request.param == "sqlite":
        return lambda: f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('database') / 'data' / 'artisan.db'}"
    server: Postgres = request.getfixturevalue("postgres_server")
    return server.fresh_database


@pytest.fixture
def database_url(new_database_url: Callable[[], str]) -> str:
    """The address of an empty database."""
    return new_database_url()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A started, empty database."""
    database = Database(database_url)
    await database.start()
    yield database
    await database.close()


Rise = Callable[..., float]


@pytest.fixture
def rise() -> Callable[..., Rise]:
    """`risen = rise("x_total", label="a")` … `risen()`: by how much a sample has risen since."""

    def watch(sample: str, **labels: str) -> Rise:
        before = REGISTRY.value(sample, **labels) or 0.0
        return lambda: (REGISTRY.value(sample, **labels) or 0.0) - before

    return watch


Serve = Callable[[Any], AbstractAsyncContextManager[int]]


@pytest.fixture
def serve() -> Serve:
    """`async with serve(app) as port`: the application behind a real uvicorn on loopback."""

    @asynccontextmanager
    async def run(app: Any) -> AsyncIterator[int]:
        config = uvicorn.Config(app, port=0, log_config=None, access_log=False, timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve(None))
        try:
            while not server.started:
                assert not serving.done(), "the server did not start"
                await asyncio.sleep(0.005)
            yield server.servers[0].sockets[0].getsockname()[1]
        finally:
            server.should_exit = True
            await serving

    return run
