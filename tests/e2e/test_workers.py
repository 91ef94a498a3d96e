"""Four workers behind a real Prometheus: what it stores is what the clients were told, though one of them is killed."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self

import httpx
import psutil

from tests.e2e.processes import eventually, running
from tests.ports import free_port
from tests.prometheus import Prometheus, prometheus, scraping

WORKERS = 4
QUERY = 'http_requests_total{endpoint="/api/agents",method="GET",status="200"}'


@contextmanager
def backend(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Its address and its parent process, once all workers serve."""
    port = free_port()
    database = f"sqlite+aiosqlite:///{folder}/artisan.db"
    env = {"PORT": str(port), "WORKERS": str(WORKERS), "DATABASE_URL": database, "ENVIRONMENT": "production"}
    with running([sys.executable, "-m", "backend.main"], folder / "backend.log", **env) as process:
        eventually(lambda: (folder / "backend.log").read_text().count('"service_started"') == WORKERS, 120)
        yield f"127.0.0.1:{port}", process


def value(store: Prometheus, query: str) -> float:
    """The one value of a query; 0 when it has none."""
    rows = store.rows(query)
    return float(rows[0]["value"][1]) if rows else 0.0


class Load:
    """Clients that ask until they are told to stop."""

    def __init__(self, address: str) -> None:
        self._address, self._stop = address, threading.Event()
        self.answered = self.failed = 0
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask) for _ in range(8)]

    def _ask(self) -> None:
        while not self._stop.is_set():
            connection = HTTPConnection(self._address, timeout=10)  # a new one, so that every worker has a share
            try:
                connection.request("GET", "/api/agents")
                ok = connection.getresponse().status == 200
            except (OSError, HTTPException):
                ok = False
            finally:
                connection.close()
            with self._lock:
                self.answered += ok
                self.failed += not ok

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def serving(parent: psutil.Process) -> list[psutil.Process]:
    """The workers: not the tracker of resources that the parent has beside them."""
    return [child for child in parent.children() if "spawn_main" in " ".join(child.cmdline())]


def test_a_worker_killed_under_load_loses_at_most_what_was_in_flight(tmp_path: Path) -> None:
    """Prometheus sees every answer, no counter ever falls, and the killed worker is replaced.

    A request is counted when its last byte is handed over, so the one that a kill meets between the two was answered
    and is not counted. A worker serves from one loop: there is one such request for a kill, and one kill here.
    """
    with backend(tmp_path) as (address, parent), prometheus(tmp_path, scraping(address, "100ms")) as store:
        with Load(address) as load:
            eventually(lambda: load.answered > 1000, 30)
            victim = serving(parent)[1]
            victim.send_signal(signal.SIGKILL)
            before = load.answered
            log = tmp_path / "backend.log"
            eventually(lambda: log.read_text().count('"service_started"') == WORKERS + 1, 30)
            eventually(lambda: load.answered > before + 1000, 30)
        eventually(lambda: value(store, QUERY) >= load.answered - 1, 10)
        counted = value(store, QUERY)
        falls = value(store, f"sum(resets({QUERY}[10m]))")
        pages = {httpx.get(f"http://{address}/monitoring/metrics", trust_env=False).text.count("\n") for _ in range(8)}
        told = f"answered {load.answered}, failed {load.failed}, counted {counted:.0f}, resets {falls:.0f}"
        sys.stderr.write(f"{told}\n")
        assert load.answered - 1 <= counted <= load.answered + load.failed
        assert falls == 0
        assert len(serving(parent)) == WORKERS
        assert len(pages) == 1  # whoever answers shows the same series
