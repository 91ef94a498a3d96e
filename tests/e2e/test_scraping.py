"""A page of 100,000 lines: read by the real tools, at once, by several, slowly or not at all."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPResponse
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from tests.e2e.processes import eventually, program, running
from tests.e2e.serving import answers
from tests.ports import free_port
from tests.prometheus import Prometheus, prometheus

PAGE = "/monitoring/metrics"
# Of `served_large`, which is not imported here: its metrics would be those of this process.
METRICS = 8
LINES = METRICS * 1000 * (10 + 3)
# Prometheus parses the whole page, and stores little enough to be done in a few seconds.
_KEEP_FEW = {"source_labels": ["__name__"], "regex": "large_[0124567].*", "action": "drop"}
# Of these, neither scrape changes anything.
_AT_REST = '{__name__=~"(large_3|paid|agent|llm|tool|db|cache|app|dependency)_.*",shop=~"(shop 99.)?"}'
_STORED = {
    "up": "1",
    "count by (job) (large_3_count)": "1000",
    'sum by (job) (large_3_bucket{le="5.0"})': "502",
    "sum by (job) (large_3_sum)": "5484",
    'paid_seconds_bucket{le="0.1"}': "0",
    "paid_seconds_sum": "0.5",
}
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def quickest_quarter(seconds: list[float]) -> float:
    """What it takes when nothing else on the machine is in the way."""
    return sorted(seconds)[len(seconds) // 4]


class Service:
    """The large service: its client, the process that serves, and its port."""

    def __init__(self, client: httpx.Client, process: psutil.Process, port: int) -> None:
        self.client, self.process, self.port = client, process, port

    def hung_scraper(self, version: str = "1.1") -> socket.socket:
        """Asks for the page and does not read it, unless the test does."""
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", self.port))
        connection.sendall(f"GET {PAGE} HTTP/{version}\r\nHost: a\r\n\r\n".encode())
        return connection

    @contextmanager
    def hung_scrapers(self, count: int) -> Iterator[list[socket.socket]]:
        """Many of them, every other one of HTTP/1.0, which are gone at the end."""
        hung = [self.hung_scraper(f"1.{number % 2}") for number in range(count)]
        ports = {connection.getsockname()[1] for connection in hung}
        try:
            yield hung
        finally:
            for connection in hung:
                connection.close()
            eventually(lambda: not ports & self._clients())

    def serves(self, scrapers: list[socket.socket]) -> int:
        """How many of these it has not let go of."""
        clients = self._clients()
        return sum(connection.getsockname()[1] in clients for connection in scrapers)

    def _clients(self) -> set[int]:
        """The ports of its clients."""
        return {each.raddr.port for each in self.process.net_connections() if each.raddr}

    def unread(self) -> int:
        """Bytes that the kernel keeps for its clients: those of this port, whether or not a process has them open."""
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return sum(int(row[4].split(":")[0], 16) for row in rows if row[1].endswith(f":{self.port:04X}"))

    def gap(self) -> float:
        """The longest time that its loop was kept for, since it was asked last."""
        return float(self.client.get("/gap").text)


@contextmanager
def serving(server: list[str], port: int, folder: Path) -> Iterator[Service]:
    """The large service behind a server, once it answers."""
    with (
        running([sys.executable, "-m", *server, "tests.e2e.served_large:app"], folder / "log") as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20) as client,
    ):
        eventually(lambda: answers(client, "/gap"))
        yield Service(client, (process.children() or [process])[0], port)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Served by uvicorn."""
    port = free_port()
    with serving(["uvicorn", "--port", str(port)], port, tmp_path_factory.mktemp("large")) as service:
        yield service


def without_large_ones(page: str) -> str:
    """Parsers in Python are slow: one of the large metrics is enough for them."""
    return "".join(line for line in page.splitlines(keepends=True) if not re.search("large_[1-7]", line))


def test_promtool_accepts_the_page(service: Service) -> None:
    """Its parser, and its opinion of names, units and help; there is something in every metric."""
    page = service.client.get(PAGE).text
    assert page.count("\nlarge_") == LINES
    assert [family.name for family in parse_text(without_large_ones(page)) if not family.samples] == []
    checked = subprocess.run(
        [program("promtool"), "check", "metrics"], input=page.encode(), capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


def test_openmetrics_is_read_by_its_own_parser(service: Service) -> None:
    """One of the large metrics, and all others, to the end mark."""
    page = service.client.get(PAGE, headers={"Accept": "application/openmetrics-text"}).text
    families = list(parse_openmetrics(without_large_ones(page)))
    assert [family.name for family in families if not family.samples] == []
    assert sum(len(family.samples) for family in families) > LINES / METRICS
    assert page.endswith("# EOF\n")


def scraping_both(service: Service) -> dict[str, Any]:
    """Of a Prometheus that scrapes the service in both formats, as two jobs."""
    target = [{"targets": [f"127.0.0.1:{service.port}"]}]
    jobs = [
        {"job_name": job, "metrics_path": path, "static_configs": target, "metric_relabel_configs": [_KEEP_FEW]}
        for job, path in (("openmetrics", PAGE), ("text", "/text"))
    ]
    return {"global": {"scrape_interval": "2s"}, "scrape_configs": jobs}


def stored(store: Prometheus, query: str, job: str) -> dict[tuple[tuple[str, str], ...], str]:
    """The values of a query by their labels, of those that one job has scraped."""
    found = [(row["metric"], row["value"][1]) for row in store.rows(query)]
    return {tuple(sorted((labels | {"job": ""}).items())): value for labels, value in found if labels.get("job") == job}


def test_prometheus_reads_both_formats_and_keeps_exemplars(service: Service, tmp_path: Path) -> None:
    """The same numbers either way, those that were recorded; the exemplar leads to the trace."""
    service.client.get("/pay", params={"seconds": 0.5, "trace_id": TRACE})
    with prometheus(tmp_path, scraping_both(service), "--enable-feature=exemplar-storage") as store:
        for job, (query, expected) in product(("openmetrics", "text"), _STORED.items()):
            eventually(lambda job=job, query=query: stored(store, query, job) != {})
            assert list(stored(store, query, job).values()) == [expected], query
        either = stored(store, _AT_REST, "openmetrics")
        assert len(either) > 200
        assert either == stored(store, _AT_REST, "text")
        now = time.time()
        query = {"query": "paid_seconds_bucket", "start": now - 600, "end": now + 600}
        found = store.client.get("/api/v1/query_exemplars", params=query).json()["data"]
        exemplars = [exemplar for series in found for exemplar in series["exemplars"]]
        assert {(each["labels"]["trace_id"], each["value"]) for each in exemplars} == {(TRACE, "0.5")}


def test_the_loop_serves_others_during_a_large_scrape(service: Service) -> None:
    """In one go it is kept for a small part of what the whole page takes."""
    service.client.get(PAGE)
    gaps, durations = [], []
    for _ in range(5):
        service.gap()
        started = time.perf_counter()
        service.client.get(PAGE)
        durations.append(time.perf_counter() - started)
        gaps.append(service.gap())
    sys.stderr.write(f"gaps {[round(gap * 1e3, 2) for gap in gaps]} ms in scrapes of {min(durations) * 1e3:.0f} ms\n")
    assert min(gaps) < 0.005


def read_page(connection: socket.socket) -> bytes:
    """A kilobyte at a time, with no room for more."""
    with HTTPResponse(connection) as answer:
        answer.begin()
        return b"".join(iter(lambda: answer.read(1024), b""))


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_scraper_that_reads_slowly_gets_the_whole_page(service: Service, version: str) -> None:
    """As long as it is not cut off, it misses nothing."""
    with closing(service.hung_scraper(version)) as connection:
        assert read_page(connection).count(b"\nlarge_") == LINES


def test_scrapers_that_do_not_read_hold_nothing_and_are_cut_off(service: Service) -> None:
    """Fifty of them: the rest of the world does not notice. Each costs much less memory than a page.

    Who reads too late is reset, since in HTTP/1.0 an end would be that of the page; the kernel keeps nothing either.
    """
    page = service.client.get(PAGE).content
    before, latencies = service.process.memory_info().rss, []
    with service.hung_scrapers(50) as hung:
        eventually(lambda: service.serves(hung) == 50)
        whole = service.client.get(PAGE).content
        grown = service.process.memory_info().rss - before
        end = time.monotonic() + 20
        while service.serves(hung):
            assert time.monotonic() < end, "they were not cut off"
            started = time.perf_counter()
            assert service.client.get("/gap").status_code == 200
            latencies.append(time.perf_counter() - started)
        assert service.unread() == 0
        for connection in hung[:2]:
            with pytest.raises(ConnectionResetError):
                read_page(connection)
    told = f"{grown / 2**20:.0f} MiB, {len(latencies)} requests, a quarter within"
    sys.stderr.write(f"50 hung scrapers: {told} {quickest_quarter(latencies) * 1e3:.1f} ms\n")
    assert whole.count(b"\nlarge_") == LINES
    assert grown < 50 * len(page) / 2
    assert quickest_quarter(latencies) < 0.05
    assert max(latencies) < 1.5  # nobody waits for those that hang: that is until their deadline


def test_the_loop_serves_others_during_many_large_scrapes(service: Service) -> None:
    """However many begin at once."""
    gaps = []
    for _ in range(3):
        service.gap()
        with service.hung_scrapers(50):
            gaps.append(max(service.gap() for _ in range(10)))
    sys.stderr.write(f"50 scrapes at once: gaps {[round(gap * 1e3, 2) for gap in gaps]} ms\n")
    assert min(gaps) < 0.005
