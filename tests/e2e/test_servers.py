"""The servers that people run: any worker answers a scrape for all, whoever forks, spawns or recycles them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from tests.watching.prometheus import free_port

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 3
REQUESTS = 150
COUNTED = ("http_requests_total", (("endpoint", "/pid"), ("method", "GET"), ("status", "200")))
UVICORN = ["uvicorn", "--workers", str(WORKERS), "--timeout-worker-healthcheck", "60", "--port"]
GUNICORN = ["gunicorn", "--workers", str(WORKERS), "--bind"]
ASGI = ["--worker-class", "asgi"]
UVICORN_WORKER = ["--worker-class", "uvicorn_worker.UvicornWorker"]

Sample = tuple[str, tuple[tuple[str, str], ...]]


class Service:
    """Asked on a connection of its own each time, so that every worker has a share."""

    def __init__(self, port: int) -> None:
        self._port = port

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

    def samples(self) -> dict[Sample, float]:
        """All that a scrape shows."""
        families = parse(self.get("/monitoring/metrics") or "")
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in families
            for sample in family.samples
        }

    def counted(self) -> float:
        """The answered requests, as whoever is scraped tells it."""
        return self.samples().get(COUNTED, 0.0)


@contextmanager
def served(arguments: list[str], directory: Path) -> Iterator[Service]:
    """A server of `tests.e2e.served`, once it answers."""
    port = free_port()
    at = str(port) if arguments[0] == "uvicorn" else f"127.0.0.1:{port}"
    env = {**os.environ, "SHOP_METRICS": str(directory / "metrics")}
    command = [sys.executable, "-m", *arguments, at, "tests.e2e.served:app"]
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            service = Service(port)
            eventually(lambda: service.get("/pid") is not None, directory)
            yield service
        finally:
            process.terminate()
            process.wait(timeout=20)


def eventually(holds: Callable[[], bool], directory: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, (directory / "log").read_text()[-2000:]
        time.sleep(0.05)


@pytest.mark.parametrize(
    "arguments",
    [
        UVICORN,
        [*GUNICORN[:-1], *UVICORN_WORKER, "--bind"],
        [*GUNICORN[:-1], *ASGI, "--preload", "--bind"],
        [*GUNICORN[:-1], *UVICORN_WORKER, "--max-requests", "25", "--bind"],
    ],
    ids=["uvicorn", "gunicorn with uvicorn", "gunicorn that preloads", "gunicorn that recycles"],
)
def test_any_worker_answers_a_scrape_for_all(arguments: list[str], tmp_path: Path) -> None:
    """All requests that were answered, once each, and never fewer than a scrape before."""
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ
    with served(arguments, tmp_path) as service, ThreadPoolExecutor(4) as clients:
        start = service.counted()
        seen = [start]
        answers = [clients.submit(service.get, "/pid") for _ in range(REQUESTS)]
        while not all(answer.done() for answer in answers):
            if samples := service.samples():
                seen.append(samples[COUNTED])
        pids = {answer.result() for answer in answers}
        asked = sum(answer.result() is not None for answer in answers)
        eventually(lambda: service.counted() >= start + asked, tmp_path)
        pages = [page for _ in range(8) if (page := service.samples())]
        assert len(pids - {None}) > 1
        assert seen == sorted(seen)
        assert {page[COUNTED] for page in pages} == {start + asked}
        assert {page["active_requests", ()] for page in pages} == {0}
        assert [value for (name, _), value in pages[-1].items() if name == "app_info"] == [1.0]
        _imports_are_counted_once_each(arguments, pages[-1])
        eventually(lambda: _workers_with_a_process_metric(service.samples()) == WORKERS, tmp_path)


def _imports_are_counted_once_each(arguments: list[str], page: dict[Sample, float]) -> None:
    """Where the parent has imported it before the fork, the children do not count the parent's count again."""
    imports = page["imports_total", ()]
    if "--preload" in arguments:
        assert imports <= 1
    elif "--max-requests" in arguments:
        assert imports > WORKERS
    else:
        assert imports == WORKERS


def _workers_with_a_process_metric(page: dict[Sample, float]) -> int:
    """Of prometheus_client's own, which each worker has for itself."""
    return len({labels for name, labels in page if name == "process_open_fds"})
