"""What is told of PostgreSQL: connections that break, servers that are away or hang, limits, and who may start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter
from typing import Any

import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.catalog.embedding import Embedder
from backend.catalog.seed import DATA_FILE, seed
from backend.core.errors import ConfigError, DatabaseUnavailable
from backend.storage import Database, Limits
from tests.postgres import Postgres, postgres

QUICK = Limits(pool_size=2, pool_seconds=1, statement_seconds=1)


@pytest.fixture
async def database(postgres_server: Postgres) -> AsyncIterator[Database]:
    """A started, empty database with short limits."""
    database = Database(postgres_server.fresh_database(), QUICK)
    await database.start()
    yield database
    await database.close()


async def test_ten_replicas_may_start_at_once(postgres_server: Postgres, rise: Any) -> None:
    """One migrates and one seeds, each under a lock; the others wait for it and find it done."""
    url, content, embedder = postgres_server.fresh_database(), DATA_FILE.read_bytes(), Embedder()
    writes = rise("db_queries_total", operation="insert", table="seeds")
    replicas = [Database(url, Limits(pool_size=2)) for _ in range(10)]

    async def start(replica: Database) -> None:
        await replica.start()
        await seed(replica, embedder, content)

    await asyncio.gather(*map(start, replicas))
    assert writes() == 1
    for replica in replicas:
        await replica.close()


async def test_a_connection_that_the_server_has_ended_is_replaced(
    database: Database, postgres_server: Postgres, logs: Any
) -> None:
    """Whoever finds a broken connection in the pool gets an answer all the same, and a line says so."""
    for _ in range(3):
        await database.ping()
        name = database.engine.url.database
        postgres_server.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        await database.ping()
    assert len(logs.of("database_connection_broken")) == 3


async def test_a_connection_that_breaks_under_a_reading_is_replaced(database: Database) -> None:
    """The reading is done again from its beginning, with another connection."""
    tries = 0

    async def read(connection: AsyncConnection) -> int:
        nonlocal tries
        tries += 1
        if tries == 1:
            await connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return int((await connection.execute(text("SELECT 42"))).scalar_one())

    assert await database.read(read) == 42
    assert tries == 2


async def test_a_statement_that_takes_too_long_is_given_up_by_the_server(
    database: Database, postgres_server: Postgres
) -> None:
    """Its caller is told that the database is not available, once, and the server goes on with nothing."""
    started = perf_counter()
    with pytest.raises(DatabaseUnavailable):
        await database.read(lambda connection: connection.execute(text("SELECT pg_sleep(60)")))
    assert perf_counter() - started < 20
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()"
    assert postgres_server.sql(f"{asleep} AND state = 'active'") == "0"
    await database.ping()


async def test_a_refused_statement_is_no_outage(database: Database, logs: Any) -> None:
    """What the database does not want is not tried again."""
    with pytest.raises(Exception, match="nothing"):
        await database.read(lambda connection: connection.execute(text("SELECT * FROM nothing")))
    assert logs.of("database_connection_broken") == []


async def test_a_server_that_is_away_is_told_in_time_and_found_again(tmp_path: Path) -> None:
    """While it is away readings fail within seconds; once it is back they work, without a restart."""
    with postgres(tmp_path) as server:
        database = Database(server.url(), QUICK)
        await database.start()
        await database.ping()
    started = perf_counter()
    with pytest.raises(DatabaseUnavailable):
        await database.ping()
    assert perf_counter() - started < 20
    with postgres(tmp_path, port=server.port):
        await database.ping()
        await database.close()


async def test_readings_outlive_a_restart_of_the_server(tmp_path: Path) -> None:
    """A server that is back within a second costs a wait and no answer."""
    with postgres(tmp_path) as server:
        database = Database(server.url(), Limits(pool_size=4))
        await database.start()
        await asyncio.gather(*(database.ping() for _ in range(4)))
    reading = asyncio.gather(*(database.ping() for _ in range(20)))
    with postgres(tmp_path, port=server.port):
        assert await reading == [None] * 20
        await database.close()


async def test_a_server_that_hangs_holds_nobody_for_ever(tmp_path: Path) -> None:
    """A server that takes connections and says nothing is unavailable; afterwards all is as before."""
    with postgres(tmp_path) as server:
        database = Database(server.url(), QUICK)
        await database.start()
        await database.ping()
        parent = psutil.Process(server.process.pid)
        processes = [parent, *parent.children(recursive=True)]
        for process in processes:
            process.suspend()
        started = perf_counter()
        with pytest.raises(DatabaseUnavailable):
            await database.ping()
        assert perf_counter() - started < 30
        for process in processes:
            process.resume()
        await database.ping()
        await database.close()


async def test_no_message_has_the_password(postgres_server: Postgres) -> None:
    """A login that fails names the user and the place."""
    url = postgres_server.url().replace(f":{postgres_server.password}@", ":wr%40ng-pw@")
    with pytest.raises(ConfigError, match="password authentication failed") as failure:
        await Database(url).start()
    assert "artisan:***@127.0.0.1" in str(failure.value)
    assert "ng-pw" not in str(failure.value)


async def test_nobody_there_is_told_in_one_sentence() -> None:
    """A port without a server stops the start."""
    with pytest.raises(ConfigError, match=r"^DATABASE_URL=postgresql\+asyncpg://a@127\.0\.0\.1:1/a: .*Connect call"):
        await Database("postgresql+asyncpg://a@127.0.0.1:1/a").start()


async def test_a_role_without_rights_is_told_what_it_lacks(postgres_server: Postgres) -> None:
    """Who may not create what the schema needs hears so; once an administrator has, such a role can start."""
    name = postgres_server.fresh_database().rpartition("/")[2]
    role = f"role_{name}"
    postgres_server.sql(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
    url = postgres_server.url(name).replace(f"artisan:{postgres_server.password}@", f"{role}:x@")
    with pytest.raises(ConfigError, match="permission denied for schema public"):
        await Database(url).start()
    postgres_server.sql(f"GRANT CREATE ON SCHEMA public TO {role}", name)
    with pytest.raises(ConfigError, match='permission denied to create extension "vector"'):
        await Database(url).start()
    postgres_server.sql("CREATE EXTENSION vector", name)
    database = Database(url)
    await database.start()
    await database.ping()
    await database.close()
