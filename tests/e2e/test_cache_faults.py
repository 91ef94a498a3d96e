"""The backend with two workers, under load, while its real Valkey fails in every way: no request is lost."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from typing import Self

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse
from valkey import Valkey

from artisan.stack.valkey import find
from tests.e2e.processes import eventually, running
from tests.e2e.serving import AS_THE_GUIDE_SAYS, Service, served
from tests.ports import free_port
from tests.storage.valkeys import fill

WORKERS = 2
SLOWEST = 3.0  # seconds; the time limit of the cache is a quarter of one, the rest is for a busy machine
SEEN_WITHIN = 20.0  # seconds; each worker asks the cache every five
KNOWN = 10


@contextmanager
def valkey(port: int, folder: Path) -> Iterator[psutil.Process]:
    """A server with little memory, which evicts nothing and keeps nothing over a restart."""
    settings = ("--bind", "127.0.0.1", "--save", "", "--maxmemory", "16mb", "--maxmemory-policy", "noeviction")
    log = folder / "valkey.log"
    with running([str(find()), "--port", str(port), *settings], log) as process:
        eventually(lambda: "Ready to accept connections" in log.read_text(), 20, log)
        yield process


class Backend:
    """One that serves, asked over a new connection each time, so that every worker has a share."""

    def __init__(self, service: Service, redis: int) -> None:
        self.service = service
        self.redis = redis
        """The port of its Valkey."""
        self._address = service.client.base_url.netloc.decode()

    def status(self, path: str) -> str:
        """What became of a request: its status, or how it failed."""
        connection = HTTPConnection(self._address, timeout=10)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
        except (OSError, HTTPException) as error:
            return repr(error)
        else:
            return str(answer.status)
        finally:
            connection.close()

    def value(self, sample: str, **labels: str) -> float:
        """Of a metric, over all workers."""
        page = self._page("/monitoring/metrics").text
        rows = [row for family in parse(page) for row in family.samples if row.name == sample]
        return next(row.value for row in rows if row.labels == labels)

    def suffers(self, reason: str) -> None:
        """Wait until all workers are degraded by Redis, for this reason."""
        eventually(lambda: self._all_say("degraded", reason), SEEN_WITHIN, self.service.log)
        assert self.value("dependency_up", dependency="redis") == 0

    def recovers(self) -> None:
        """Wait until all workers are healthy."""
        eventually(lambda: self.value("dependency_up", dependency="redis") == 1, SEEN_WITHIN, self.service.log)
        assert self._all_say("healthy", "Redis is accessible")

    def _all_say(self, status: str, message: str) -> bool:
        """Whether each of some answers says so, the workers' all being among them most likely."""
        said = [self._page("/monitoring/health").json() for _ in range(8)]
        return all(each["status"] == status and message in each["checks"]["redis"]["message"] for each in said)

    def _page(self, path: str) -> httpx.Response:
        return httpx.get(f"http://{self._address}{path}", trust_env=False, timeout=10)


class Load:
    """Clients that search until they are told to stop, both what has been asked before and what has not."""

    def __init__(self, backend: Backend) -> None:
        self._backend, self._stop, self._numbers = backend, threading.Event(), count()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask) for _ in range(4)]
        self.failures: list[str] = []
        self.answered: dict[str, int] = {}
        self.slowest: dict[str, float] = {}
        self.during = "away at the start"

    def _ask(self) -> None:
        while not self._stop.is_set():
            number = next(self._numbers)
            searches = (f"/api/search?q=silk+{number % KNOWN}", f"/api/search?q=silk+{number}+new")
            for path in (*searches, "/monitoring/health/ready"):
                during, started = self.during, time.monotonic()
                answer = self._backend.status(path)
                seconds = time.monotonic() - started
                with self._lock:
                    self.answered[during] = self.answered.get(during, 0) + 1
                    self.slowest[during] = max(seconds, self.slowest.get(during, 0.0))
                    if answer != "200":
                        self.failures.append(f"{during}: {path}: {answer}")

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """One with two workers, whose Valkey is away at the start."""
    folder, port = tmp_path_factory.mktemp("backend"), free_port()
    settings = {"WORKERS": str(WORKERS), "REDIS_URL": f"redis://127.0.0.1:{port}"}
    with served(AS_THE_GUIDE_SAYS, folder, **settings) as service:
        yield Backend(service, port)


def test_no_request_is_lost_while_the_cache_fails(backend: Backend, tmp_path: Path) -> None:
    """Every search and every probe of readiness is answered with 200 and soon, whatever the Valkey does.

    Each fault makes health degraded in all workers, for its own reason, and `dependency_up` 0; each end of one makes
    them healthy and 1 again. A full cache still answers what it holds.
    """
    with Load(backend) as load:
        backend.suffers("connecting to")
        with valkey(backend.redis, tmp_path) as process:
            load.during = "well"
            backend.recovers()
            load.during = "full"
            with Valkey(port=backend.redis) as operator:
                eventually(lambda: operator.dbsize() > 2 * KNOWN, 10)
                fill(operator)
            hits = backend.value("cache_hits_total", cache_type="search")
            backend.suffers("SET refused: OOM")
            assert backend.value("cache_hits_total", cache_type="search") > hits + KNOWN
            load.during = "killed"
            process.kill()
            backend.suffers("connecting to")
        with valkey(backend.redis, tmp_path) as process:
            load.during = "back"
            backend.recovers()
            load.during = "hung"
            process.suspend()
            try:
                backend.suffers("no answer within")
            finally:
                process.resume()
            load.during = "awake"
            backend.recovers()
    told = ", ".join(f"{phase} {load.answered[phase]}/{load.slowest[phase]:.2f} s" for phase in load.answered)
    sys.stderr.write(f"answered, and the slowest of them: {told}\n")
    assert not load.failures
    assert max(load.slowest.values()) < SLOWEST


def test_what_one_worker_has_computed_another_finds(backend: Backend, tmp_path: Path) -> None:
    """The first of two workers is made to answer alone, then the second: its look-up hits.

    On a busy machine one of them may leave the cache alone just then; so there is another try, of another search.
    """
    children = backend.service.process.children()
    first, second = (each for each in children if "spawn_main" in " ".join(each.cmdline()))
    numbers = count()

    def shared() -> bool:
        path, before = f"/api/search?q=wool+{next(numbers)}", backend.value("cache_hits_total", cache_type="search")
        for idle in (second, first):
            idle.suspend()
            try:
                assert backend.status(path) == "200"
            finally:
                idle.resume()
        return backend.value("cache_hits_total", cache_type="search") == before + 1

    with valkey(backend.redis, tmp_path):
        backend.recovers()
        eventually(shared, 30)
