"""A server that answers with errors: what it still does is used, and what it does not do is told."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from backend.storage import ReadThrough, ValkeyCache
from backend.storage.cache import CacheUnavailable
from tests.e2e.processes import eventually
from tests.ports import free_port
from tests.storage.valkeys import Server, drain, fill, server

READS = 50


@asynccontextmanager
async def cache_at(url: str) -> AsyncIterator[ValkeyCache]:
    """A cache, closed at the end."""
    cache = ValkeyCache(url, timeout_seconds=10.0)  # it is the answer that counts here, not the time
    try:
        yield cache
    finally:
        await cache.close()


async def complaint(cache: ValkeyCache) -> str:
    """What its ping complains of, "" when all is well."""
    try:
        await cache.ping()
    except CacheUnavailable as error:
        return str(error)
    return ""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Server]:
    """A server with little memory, which evicts nothing."""
    with server(tmp_path, maxmemory="8mb", maxmemory_policy="noeviction") as running:
        yield running


async def test_a_full_server_still_gives_what_it_holds(small: Server, logs: Any) -> None:
    """Reads hit as before, writes are dropped, one warning and the ping say why; with room again all is well."""
    async with cache_at(small.url) as cache:
        await cache.set("a", b"A", 60)
        with small.client() as operator:
            assert fill(operator) > 10
        for _ in range(READS):
            await cache.set("b", b"B", 60)
            assert await cache.get("a") == b"A"
        assert await cache.get("b") is None
        (warning,) = logs.of("cache_refuses")
        assert warning["error"].startswith("SET refused: OOM command not allowed")
        assert (await complaint(cache)).startswith("SET refused: OOM")
        with small.client() as operator:
            drain(operator)
        await cache.set("b", b"B", 60)
        assert await cache.get("b") == b"B"
        await cache.ping()


async def test_what_a_full_server_does_not_keep_is_computed(small: Server) -> None:
    """A request never sees that its value could not be kept."""
    async with cache_at(small.url) as cache:
        with small.client() as operator:
            fill(operator)

        async def compute() -> list[int]:
            return [1, 2]

        reader = ReadThrough(cache, "full")
        assert [await reader.get("a", compute, 60) for _ in range(3)] == [[1, 2]] * 3


async def test_a_replica_is_read_and_not_written(tmp_path: Path) -> None:
    """An address that leads to a replica gives what its primary got from others."""
    with (
        server(tmp_path, repl_diskless_sync_delay=0) as primary,
        server(tmp_path, replicaof=f"127.0.0.1 {primary.port}") as replica,
    ):
        async with cache_at(primary.url) as first, cache_at(replica.url) as second:
            await first.set("a", b"A", 60)
            with replica.client() as operator:
                eventually(lambda: bool(operator.exists("a")), 20)
            for _ in range(READS):
                await second.set("b", b"B", 60)
                assert await second.get("a") == b"A"
            assert (await complaint(second)).startswith("SET refused: READONLY")


async def test_a_server_that_cannot_save_is_read(tmp_path: Path) -> None:
    """One that persists and whose disk fails takes no writes (MISCONF), and gives what it holds."""
    with server(tmp_path, save="3600 1") as running:
        async with cache_at(running.url) as cache:
            await cache.set("a", b"A", 60)
            shutil.rmtree(tmp_path / f"valkey-{running.port}")  # where it would save
            with running.client() as operator:
                operator.bgsave()
                eventually(lambda: operator.info("persistence")["rdb_last_bgsave_status"] == "err", 20)
                for _ in range(READS):
                    await cache.set("b", b"B", 60)
                    assert await cache.get("a") == b"A"
                assert (await complaint(cache)).startswith("SET refused: MISCONF")
                operator.config_set("save", "")  # or it would try once more at its end


async def test_a_server_that_is_still_loading_is_left_alone(tmp_path: Path) -> None:
    """It has nothing to give yet; once it is ready a ping brings the cache back."""
    with server(tmp_path) as before:
        with before.client() as operator:
            operator.mset({f"key:{number}": bytes(1000) for number in range(3000)})
            operator.save()
        saved = tmp_path / f"valkey-{before.port}" / "dump.rdb"
    slowly = {"key_load_delay": 1000, "loading_process_events_interval_bytes": 1024, "dbfilename": "dump.rdb"}
    shutil.copy(saved, tmp_path / "dump.rdb")
    with server(tmp_path, listening="Loading RDB", dir=tmp_path, **slowly) as running, running.client() as operator:
        async with cache_at(running.url) as cache:
            assert await cache.get("key:1") is None
            assert (await complaint(cache)).startswith("LOADING")
            operator.config_set("key-load-delay", 0)
            eventually(lambda: not operator.info("persistence")["loading"], 20)
            await cache.ping()
            assert await cache.get("key:1") == bytes(1000)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Server]:
    """A server whose users may not all do the same: the default one nothing."""
    with server(tmp_path) as running:
        with running.client() as operator:
            operator.set("artisan:held", b"held")
            for user, rights in {
                "all": ["~artisan:*", "+get", "+set"],
                "reader": ["~artisan:*", "+get"],
                "writer": ["~artisan:*", "+set"],
                "nobody": ["~artisan:*", "-@all"],
                "search": ["~artisan:ping", "~artisan:search:*", "+get", "+set"],
            }.items():
                operator.execute_command("ACL", "SETUSER", user, "on", ">secret", *rights)
            operator.execute_command("ACL", "SETUSER", "default", ">other")
        yield running


def at(guarded: Server, login: str, database: str = "") -> str:
    return f"redis://{login}@127.0.0.1:{guarded.port}{database}"


async def test_get_and_set_on_our_keys_are_all_the_rights_that_it_needs(guarded: Server, logs: Any) -> None:
    """So that an operator can give a user no more than that."""
    async with cache_at(at(guarded, "all:secret")) as cache:
        await cache.ping()
        await cache.set("artisan:a", b"A", 60)
        assert await cache.get("artisan:a") == b"A"
    assert not [line for line in logs.all() if line["level"] == "warning"]


@pytest.mark.parametrize(
    ("user", "held", "refused"),
    [("reader", b"held", "SET refused: NOPERM"), ("writer", None, "GET refused"), ("nobody", None, "SET refused")],
)
async def test_a_user_without_rights_costs_only_what_it_may_not(
    guarded: Server, user: str, held: bytes | None, refused: str
) -> None:
    """Who may read is given what there is; what is not allowed is dropped, and told."""
    async with cache_at(at(guarded, f"{user}:secret")) as cache:
        assert (await complaint(cache)).startswith(refused)
        for _ in range(READS):
            await cache.set("artisan:b", b"B", 60)
            assert await cache.get("artisan:held") == held
        assert (await complaint(cache)).startswith(refused)


async def test_a_refusal_that_the_ping_itself_does_not_meet_is_told_once(guarded: Server) -> None:
    """Rights or a cluster can refuse some keys and not others: what requests have met since the last ping counts."""
    async with cache_at(at(guarded, "search:secret")) as cache:
        await cache.set("artisan:search:a", b"A", 60)
        assert await complaint(cache) == ""
        await cache.set("artisan:llm:a", b"A", 60)
        assert (await complaint(cache)).startswith("SET refused: NOPERM")
        assert await complaint(cache) == ""


@pytest.mark.parametrize(
    ("login", "database", "why"),
    [
        ("all:wrong", "", "WRONGPASS"),
        ("unknown:secret", "", "WRONGPASS"),
        ("", "", "NOAUTH"),
        ("all:secret", "/1", "NOPERM"),  # may not SELECT
        (":other", "/99", "DB index is out of range"),
    ],
)
async def test_a_login_that_fails_is_tried_once_in_a_while(
    guarded: Server, logs: Any, login: str, database: str, why: str
) -> None:
    """Nothing comes of it, so it costs a connection in five seconds and not in every request."""
    with guarded.client(password="other") as operator:
        before = operator.info("stats")["total_connections_received"]
        async with cache_at(at(guarded, login, database)) as cache:
            for _ in range(READS):
                assert await cache.get("artisan:held") is None
            assert operator.info("stats")["total_connections_received"] == before + 1
            assert why in await complaint(cache)
    (warning,) = logs.of("cache_unavailable")
    assert why in warning["error"]


async def test_no_room_for_another_client_is_a_server_that_is_away(tmp_path: Path) -> None:
    """`maxclients` is reached: served without, until there is room."""
    with server(tmp_path, maxclients=1) as running, running.client() as operator:
        operator.ping()
        async with cache_at(running.url) as cache:
            assert await cache.get("a") is None
            assert await complaint(cache)  # in the server's words, or that it has closed the connection
            operator.close()
            await cache.ping()


async def test_a_node_of_a_cluster_is_no_cache_and_fails_nobody(tmp_path: Path) -> None:
    """CLUSTERDOWN and MOVED are answers that refuse a command."""
    bus = free_port()
    with (
        server(tmp_path, cluster_enabled="yes", cluster_port=bus) as owner,
        server(tmp_path, cluster_enabled="yes", cluster_port=free_port()) as other,
    ):
        async with cache_at(other.url) as cache:
            assert await cache.get("a") is None
            assert "CLUSTERDOWN" in await complaint(cache)
            with owner.client() as first, other.client() as second:
                first.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
                second.execute_command("CLUSTER", "MEET", "127.0.0.1", owner.port, bus)
                eventually(lambda: second.execute_command("CLUSTER INFO")["cluster_state"] == "ok", 30)
            assert await cache.get("a") is None
            await cache.set("a", b"A", 60)
            assert "MOVED" in await complaint(cache)
