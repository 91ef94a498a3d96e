"""The servers that people run: any worker answers a scrape for all, whoever forks, spawns or recycles them."""

from __future__ import annotations

import collections
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from tests.e2e.processes import eventually, running
from tests.ports import free_port

WORKERS, CLIENTS = 3, 4
REQUESTS = 200
COUNTED = ("http_requests_total", (("endpoint", "/pid"), ("method", "GET"), ("status", "200")))
RISING = ("_total", "_bucket", "_sum", "_count")

Sample = tuple[str, tuple[tuple[str, str], ...]]
Page = dict[Sample, float]


class Server(NamedTuple):
    """How it is started, and what is special about it."""

    command: list[str]
    answering: int = 2
    """Workers that have to answer before the load ends."""
    drops: bool = False
    """Whether it leaves some clients without an answer when it recycles a worker."""

    @property
    def preloads(self) -> bool:
        return "--preload" in self.command

    @property
    def recycles(self) -> bool:
        return "--max-requests" in self.command


def uvicorn() -> Server:
    """Spawns its workers; the parent does not import the service."""
    return Server(["uvicorn", "--workers", str(WORKERS), "--timeout-worker-healthcheck", "60", "--port"])


def gunicorn(worker_class: str, *options: str, answering: int = 2, drops: bool = False) -> Server:
    """Forks its workers, before or after the import."""
    command = ["gunicorn", "--workers", str(WORKERS), "--worker-class", worker_class, *options, "--bind"]
    return Server(command, answering, drops)


OWN, UVICORNS = "asgi", "uvicorn_worker.UvicornWorker"
RECYCLE = ("--max-requests", "20")
SERVERS = {
    "uvicorn": uvicorn(),
    "gunicorn": gunicorn(OWN),
    "gunicorn with uvicorn that preloads": gunicorn(UVICORNS, "--preload"),
    "gunicorn with uvicorn that recycles": gunicorn(UVICORNS, *RECYCLE, answering=4, drops=True),
    "gunicorn that preloads and recycles": gunicorn(OWN, "--preload", *RECYCLE, answering=9),
}


class Service:
    """Asked on a connection of its own each time, so that every worker has a share."""

    def __init__(self, port: int, parent: psutil.Process) -> None:
        self._port, self._parent = port, parent

    def get(self, path: str) -> str | None:
        """The body of an answer of 200, or None."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.read().decode() if answer.status == 200 else None
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()

    def shown_twice(self) -> list[str]:
        """What a scrape shows more than once, as it stands there."""
        lines = (self.get("/monitoring/metrics") or "").splitlines()
        series = collections.Counter(line.rpartition(" ")[0] for line in lines if not line.startswith("#"))
        return [text for text, count in series.items() if count > 1]

    def page(self) -> Page:
        """All that a scrape shows."""
        families = parse(self.get("/monitoring/metrics") or "")
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in families
            for sample in family.samples
        }

    def counted(self) -> float:
        """The answered requests, as whoever is scraped tells it."""
        return self.page().get(COUNTED, 0.0)

    def shows_its_memory(self) -> bool:
        """The metric is what its live workers take, a page that they share counted once; those change meanwhile."""
        shown = self.page().get(("memory_usage_bytes", ()), 0.0)
        try:
            sizes = [worker.memory_full_info() for worker in self._parent.children()]
        except psutil.NoSuchProcess:  # just recycled
            return False
        return sum(size.pss for size in sizes) / 2 < shown < sum(size.rss for size in sizes) * 1.5


@contextmanager
def served(server: Server, directory: Path) -> Iterator[Service]:
    """A server of `tests.e2e.served`, once it answers."""
    port = free_port()
    at = str(port) if server.command[0] == "uvicorn" else f"127.0.0.1:{port}"
    command = [sys.executable, "-m", *server.command, at, "tests.e2e.served:app"]
    with running(command, directory / "log", SHOP_METRICS=str(directory / "metrics")) as process:
        service = Service(port, process)
        eventually(lambda: service.get("/pid") is not None, log=directory / "log")
        yield service


class Load:
    """Clients that ask until enough requests were sent and enough workers have answered."""

    def __init__(self, service: Service, workers: int) -> None:
        self._service, self._workers = service, workers
        self._end = time.monotonic() + 60
        self.answers: list[str | None] = []

    def begin(self, clients: ThreadPoolExecutor) -> list[Future[None]]:
        return [clients.submit(self._ask) for _ in range(CLIENTS)]

    def _ask(self) -> None:
        while len(self.answers) < REQUESTS or len(self.pids) < self._workers:
            assert time.monotonic() < self._end, f"only {self.pids} have answered"
            self.answers.append(self._service.get("/pid"))

    @property
    def pids(self) -> set[str]:
        return {answer for answer in tuple(self.answers) if answer is not None}

    @property
    def answered(self) -> int:
        return sum(answer is not None for answer in self.answers)


def falls(pages: Sequence[Page]) -> list[tuple[Sample, float, float | None]]:
    """What must rise and has fallen, or is gone, from one page to the next."""
    return [
        (sample, value, later.get(sample))
        for earlier, later in pairwise(pages)
        for sample, value in earlier.items()
        if sample[0].endswith(RISING) and later.get(sample, -1.0) < value
    ]


def of_all_workers(page: Page) -> Page:
    """Without what each worker has for itself."""
    return {sample: value for sample, value in page.items() if "pid" not in dict(sample[1])}


@pytest.mark.parametrize("server", [pytest.param(server, id=name) for name, server in SERVERS.items()])
def test_any_worker_answers_a_scrape_for_all(server: Server, tmp_path: Path) -> None:
    """All requests that were answered, once each, and never fewer than a scrape before."""
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ
    with served(server, tmp_path) as service, ThreadPoolExecutor(CLIENTS) as clients:
        start = service.counted()
        load, pages = Load(service, server.answering), [service.page()]
        asking = load.begin(clients)
        while not all(client.done() for client in asking):
            pages.append(service.page())
        for client in asking:
            client.result()
        assert server.drops or load.answered == len(load.answers)
        eventually(lambda: service.counted() >= start + load.answered, log=tmp_path / "log")
        settled = [page for _ in range(8) if (page := service.page())]
        seen = [of_all_workers(page) for page in [*pages, *settled] if page]
        assert len(seen) > 10
        assert falls(seen) == []
        assert {page[COUNTED] for page in settled} == {start + load.answered}
        assert {page["active_requests", ()] for page in settled} == {0}
        for page in seen:
            assert [value for (name, _), value in page.items() if name == "app_info"] == [1.0]
        _imports_are_counted_once_each(server, settled[-1])
        eventually(lambda: _workers_with_a_process_metric(service.page()) == WORKERS, log=tmp_path / "log")
        eventually(service.shows_its_memory, log=tmp_path / "log")


def _imports_are_counted_once_each(server: Server, page: Page) -> None:
    """Where the parent has imported it before the fork, the children do not count the parent's count again."""
    imports = page["imports_total", ()]
    if server.preloads:
        assert imports <= 1
    elif server.recycles:
        assert imports >= server.answering
    else:
        assert imports == WORKERS


def _workers_with_a_process_metric(page: Page) -> int:
    """Of prometheus_client's own, which each worker has for itself."""
    return len({labels for name, labels in page if name == "process_open_fds"})


def test_what_other_libraries_count_is_shown_once_and_never_falls(tmp_path: Path) -> None:
    """Whichever worker is asked: a counter that falls is a restart to Prometheus, and a rate of it is nonsense."""
    with served(SERVERS["gunicorn with uvicorn that preloads"], tmp_path) as service:
        eventually(lambda: _workers_with_a_process_metric(service.page()) == WORKERS, log=tmp_path / "log")
        assert [twice for _ in range(8) for twice in service.shown_twice()] == []
        assert falls([service.page() for _ in range(40)]) == []
