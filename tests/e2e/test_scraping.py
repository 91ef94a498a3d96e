"""A page of 100,000 lines: read by the real tools, at once, by several, slowly or not at all."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from artisan.stack.tools import find
from tests.e2e.served_large import LINES, METRICS
from tests.watching.prometheus import free_port

ROOT = Path(__file__).resolve().parents[2]
PAGE = "/monitoring/metrics"
# Prometheus parses the whole page, and stores little enough to be done in a few seconds.
_KEEP_FEW = {"source_labels": ["__name__"], "regex": "large_[012456].*", "action": "drop"}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[psutil.Process]:
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=20)


def eventually(holds: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.05)


def answers(client: httpx.Client, path: str) -> bool:
    try:
        return client.get(path).status_code == 200
    except httpx.TransportError:
        return False


class Service:
    """The large service: its client, its process and its port."""

    def __init__(self, client: httpx.Client, process: psutil.Process, port: int) -> None:
        self.client, self.process, self.port = client, process, port

    def hung_scraper(self) -> socket.socket:
        """Asks for the page and never reads it."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(f"GET {PAGE} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        return connection


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Served by uvicorn."""
    folder, port = tmp_path_factory.mktemp("large"), free_port()
    command = [sys.executable, "-m", "uvicorn", "--port", str(port), "tests.e2e.served_large:app"]
    with (
        running(command, folder) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as client,
    ):
        eventually(lambda: answers(client, "/gap"))
        yield Service(client, process, port)


def program(name: str) -> str:
    programs = find(ROOT / ".artisan").programs
    if name not in programs:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{name} is not there; `make up` fetches it")
    return str(programs[name])


def test_promtool_accepts_the_page(service: Service) -> None:
    """Its parser, and its opinion of names, units and help."""
    page = service.client.get(PAGE).content
    assert page.count(b"\nlarge_") == LINES
    ours = b"".join(line for line in page.splitlines(keepends=True) if b"python_" not in line)
    checked = subprocess.run([program("promtool"), "check", "metrics"], input=ours, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


def test_prometheus_reads_both_formats_and_keeps_exemplars(service: Service, tmp_path: Path) -> None:
    """The same numbers either way; the exemplar leads to the trace."""
    service.client.get("/pay", params={"seconds": 0.5, "trace_id": TRACE})
    target = [{"targets": [f"127.0.0.1:{service.port}"]}]
    jobs = [
        {"job_name": job, "metrics_path": path, "static_configs": target, "metric_relabel_configs": [_KEEP_FEW]}
        for job, path in (("openmetrics", PAGE), ("text", "/text"))
    ]
    config, port = tmp_path / "prometheus.yml", free_port()
    config.write_text(yaml.safe_dump({"global": {"scrape_interval": "2s"}, "scrape_configs": jobs}))
    command = [program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--enable-feature=exemplar-storage"]
    with (
        running(command, tmp_path),
        httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", trust_env=False) as client,
    ):
        eventually(lambda: answers(client, "/query?query=up"))

        def values(query: str) -> list[str]:
            rows = client.get("/query", params={"query": query}).json()["data"]["result"]
            return [row["value"][1] for row in rows]

        eventually(lambda: values("up") == ["1", "1"])
        eventually(lambda: len(values("paid_seconds_count")) == 2)
        assert values("sum by (job) (large_7_count)") == ["1000", "1000"]
        assert values('sum by (job) (large_3_bucket{le="5.0"})') == ["502", "502"]
        now = time.time()
        query = {"query": "paid_seconds_bucket", "start": now - 600, "end": now + 600}
        found = client.get("/query_exemplars", params=query).json()["data"]
        exemplars = [exemplar for series in found for exemplar in series["exemplars"]]
        assert {(each["labels"]["trace_id"], each["value"]) for each in exemplars} == {(TRACE, "0.5")}


def test_openmetrics_is_read_by_its_own_parser(service: Service) -> None:
    """One of the large metrics, and all others, to the end mark."""
    page = service.client.get(PAGE, headers={"Accept": "application/openmetrics-text"}).text
    kept = "".join(line for line in page.splitlines(keepends=True) if not re.search("large_[1-7]", line))
    samples = sum(len(family.samples) for family in parse_openmetrics(kept))
    assert samples > LINES / METRICS
    assert page.endswith("# EOF\n")


def test_the_loop_serves_others_during_a_large_scrape(service: Service) -> None:
    """In one go it is kept for a small part of what the whole page takes."""
    service.client.get(PAGE)
    gaps, durations = [], []
    for _ in range(5):
        service.client.get("/gap")
        started = time.perf_counter()
        service.client.get(PAGE)
        durations.append(time.perf_counter() - started)
        gaps.append(float(service.client.get("/gap").text))
    sys.stderr.write(f"gaps {[round(gap * 1e3, 2) for gap in gaps]} ms in scrapes of {min(durations) * 1e3:.0f} ms\n")
    assert min(gaps) < 0.005


def test_scrapers_that_do_not_read_hold_nothing_and_are_cut_off(service: Service) -> None:
    """Fifty of them: the rest of the world does not notice."""
    service.client.get(PAGE)
    before = service.process.memory_info().rss
    hung = [service.hung_scraper() for _ in range(50)]
    try:
        latencies = []
        for _ in range(50):
            started = time.perf_counter()
            assert service.client.get("/gap").status_code == 200
            latencies.append(time.perf_counter() - started)
        assert service.client.get(PAGE).text.count("\nlarge_") == LINES
        grown = service.process.memory_info().rss - before
        told = f"{grown / 2**20:.0f} MiB, median request {sorted(latencies)[25] * 1e3:.1f} ms"
        sys.stderr.write(f"50 hung scrapers: {told}\n")
        assert grown < 200 * 2**20
        eventually(lambda: connections(service) <= 1, 20)
    finally:
        for connection in hung:
            connection.close()


def connections(service: Service) -> int:
    """How many clients the service still has."""
    return sum(each.status == psutil.CONN_ESTABLISHED for each in service.process.net_connections())


def test_a_page_that_was_cut_off_is_not_taken_for_whole(service: Service) -> None:
    """Who reads too late finds no last chunk: what it has is not a page."""
    with service.hung_scraper() as connection:
        received = bytearray(connection.recv(1))
        eventually(lambda: connections(service) <= 1, 20)
        while piece := connection.recv(65536):
            received += piece
        assert received.startswith(b"HTTP/1.1 200 OK")
        assert not received.endswith(b"0\r\n\r\n")
