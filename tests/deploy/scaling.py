"""What a replica costs those around it, measured on real parts: its page, Prometheus, PostgreSQL, Valkey, OTLP.

Many replicas are one backend under many names: Prometheus is given its address N times, each with a label `replica`.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple, Self

import httpx
import yaml
from prometheus_client.parser import text_string_to_metric_families as parse
from prometheus_client.samples import Sample

from backend.agents.reading import QueryLabels
from tests.e2e.processes import ROOT, eventually
from tests.e2e.serving import AS_THE_GUIDE_SAYS, Service, served
from tests.llm.vendor import Vendor, completion, hang_up, running_vendor, status
from tests.ports import free_port
from tests.postgres import Postgres, postgres
from tests.prometheus import Prometheus, prometheus
from tests.storage.valkeys import Server as Valkey
from tests.storage.valkeys import server as valkey

MONITORING = ROOT / "monitoring"
PAGE, RUNS = "/monitoring/metrics", "/api/agents/supply_hunter/runs"
PACE = 10.0  # requests a second, of which every fifth is a run of an agent: the traffic that figures are given for
_OPENMETRICS = "application/openmetrics-text;version=1.0.0"
_LABELS = completion(QueryLabels(place="none", material="none", product="none").model_dump_json())
_HARD = "who could sell me something for weaving near Pochampally"  # the rules cannot read it: the model is asked


class Parts(NamedTuple):
    """What a replica needs, each of it real but for the vendor of the model, which follows a script."""

    database: Postgres
    cache: Valkey
    vendor: Vendor

    @contextmanager
    def replica(self, folder: Path, workers: int = 1, **env: str) -> Iterator[Service]:
        """`python -m backend.main` on a database of its own, with production's settings."""
        folder.mkdir(parents=True, exist_ok=True)
        env |= {"DATABASE_URL": self.database.fresh_database(), "REDIS_URL": f"{self.cache.url}/0"}
        env |= {"LLM_PROVIDERS": f"openai:scripted@{self.vendor.base_url}", "OPENAI_API_KEY": "none"}
        with served(AS_THE_GUIDE_SAYS, folder, WORKERS=str(workers), **env) as service:
            yield service


@contextmanager
def parts(folder: Path) -> Iterator[Parts]:
    """They run until the end."""
    (folder / "postgres").mkdir()
    with _vendor() as vendor, postgres(folder / "postgres") as database, valkey(folder) as cache:
        yield Parts(database, cache, vendor)


@contextmanager
def _vendor() -> Iterator[Vendor]:
    """One that serves from a thread."""
    begun: SimpleQueue[tuple[Vendor, Callable[[], object]]] = SimpleQueue()

    async def serve() -> None:
        ended = asyncio.Event()
        async with running_vendor(_LABELS) as vendor:
            loop = asyncio.get_running_loop()
            begun.put((vendor, lambda: loop.call_soon_threadsafe(ended.set)))
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    vendor, end = begun.get(timeout=10)
    try:
        yield vendor
    finally:
        end()
        thread.join()


# --- traffic ---


def search(client: httpx.Client, number: int) -> httpx.Response:
    """One that no cache has the answer to, as long as its number is new."""
    return client.get("/api/search", params={"q": f"raw silk in Karnataka {number}"})


def run(client: httpx.Client, number: int) -> httpx.Response:
    """One of the agent, which asks the model; with a new number no cache has its answer."""
    return client.post(RUNS, json={"query": f"{_HARD} {number}"})


def exercise(service: Service, vendor: Vendor) -> None:
    """Every route, tool and agent, and every error that a client or a model can cause within a second."""
    client = service.client
    for path in client.get("/openapi.json").json()["paths"]:
        client.get(path)  # a search without its question, and a run that wants a POST, are errors
    for path in ("/docs", "/nowhere", "/monitoring/health", "/monitoring/health/ready", "/monitoring/info", PAGE):
        client.get(path)
    client.get("/api/search", params={"q": "silk", "state": "Atlantis"})
    client.delete("/api/search")
    client.post("/api/agents/nobody/runs", json={"query": "silk"})
    client.post(RUNS, content=bytes(100_000))
    for query in ("raw silk in Karnataka", "fairs in November", "cotton suppliers and fairs in Gujarat in March"):
        assert client.post(RUNS, json={"query": query}).status_code == 200
    for number, reply in enumerate((status("500 Internal Server Error"), hang_up, completion("{"), _LABELS)):
        vendor.will(reply)
        run(client, -1 - number)
    with client.stream("POST", RUNS, json={"query": _HARD}, headers={"Accept": "text/event-stream"}):
        pass  # leaves before the end


class Traffic:
    """Requests at PACE, as long as the context lasts, from a client of its own."""

    def __init__(self, address: str) -> None:
        self._client, self._stop = httpx.Client(base_url=address, trust_env=False, timeout=60), threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._client.close()

    def _ask(self) -> None:
        began = time.monotonic()
        for number in count():
            (run if number % 5 == 4 else search)(self._client, number)
            if self._stop.wait(max(0.0, began + (number + 1) / PACE - time.monotonic())):
                return


# --- the page ---


class Page(NamedTuple):
    """A scrape of it, as Prometheus would see it."""

    samples: list[Sample]
    histograms: int
    """How many of the samples are of histograms."""
    sizes: dict[str, int]
    """Bytes: `text`, `openmetrics`, and each as `… gzip`."""

    def having(self, **labels: str) -> int:
        """How many samples have these labels."""
        return sum(labels.items() <= sample.labels.items() for sample in self.samples)


def page_of(service: Service) -> Page:
    """What it shows now."""
    text = service.client.get(PAGE, headers={"Accept-Encoding": "identity"}).text
    families = list(parse(text))
    samples = [sample for family in families for sample in family.samples]
    histograms = sum(len(family.samples) for family in families if family.type == "histogram")
    forms = {"text": "text/plain", "openmetrics": _OPENMETRICS}
    sizes = {
        f"{form} {encoding}".removesuffix(" identity"): _bytes(service, accepted, encoding)
        for form, accepted in forms.items()
        for encoding in ("identity", "gzip")
    }
    return Page(samples, histograms, sizes)


def _bytes(service: Service, accept: str, encoding: str) -> int:
    with service.client.stream("GET", PAGE, headers={"Accept": accept, "Accept-Encoding": encoding}) as answer:
        return sum(map(len, answer.iter_raw()))


# --- Prometheus ---


class Blocks(NamedTuple):
    """What a snapshot of Prometheus holds on disk."""

    series: int
    samples: int
    chunks_bytes: int
    index_bytes: int


class Watching(NamedTuple):
    """A Prometheus that scrapes a backend under many names."""

    store: Prometheus
    data: Path

    def value(self, query: str) -> float:
        """The present value of a query; 0 when it has none."""
        found = self.store.rows(query)
        return float(found[0]["value"][1]) if found else 0.0

    def resident(self) -> int:
        """Bytes of memory."""
        size: int = self.store.process.memory_info().rss
        return size

    def snapshot(self) -> Blocks:
        """All that it has, as it would be on disk."""
        name = self.store.client.post("/api/v1/admin/tsdb/snapshot").json()["data"]["name"]
        blocks = [meta.parent for meta in (self.data / "snapshots" / name).glob("*/meta.json")]
        stats = [json.loads((block / "meta.json").read_text())["stats"] for block in blocks]
        chunks = sum(file.stat().st_size for block in blocks for file in (block / "chunks").iterdir())
        index = sum((block / "index").stat().st_size for block in blocks)
        return Blocks(
            max(each["numSeries"] for each in stats), sum(each["numSamples"] for each in stats), chunks, index
        )


@contextmanager
def watching(folder: Path, service: Service, replicas: int, interval: str, *, bare: bool = False) -> Iterator[Watching]:
    """With our prometheus.yml on another clock, or, `bare`, with the job of the backend alone and no rules."""
    port, folder = free_port(), folder / f"prometheus-{replicas}-{interval}"
    for name in ("alerts", "rules"):
        shutil.copytree(MONITORING / name, folder / name)
    config = yaml.safe_load((MONITORING / "prometheus.yml").read_text().replace(":9090", f":{port}"))
    config["global"]["scrape_interval"] = interval
    if bare:
        config |= {"rule_files": [], "scrape_configs": config["scrape_configs"][:1]}
    (folder / "targets").mkdir()
    address = service.client.base_url.netloc.decode()
    targets = [{"targets": [address], "labels": {"replica": f"artisan-hub-{n:04}"}} for n in range(replicas)]
    (folder / "targets/backend.yml").write_text(yaml.safe_dump(targets))
    with prometheus(folder, config, "--web.enable-admin-api", port=port) as store:
        it = Watching(store, folder / "data")
        eventually(lambda: it.value("sum(up{job='artisan-backend'})") == replicas, 60, store.log)
        yield it


# --- OTLP ---


class Sink:
    """Takes whatever is sent to it, and counts the bytes of the bodies by path."""

    def __init__(self) -> None:
        self.taken: dict[str, int] = {}


@contextmanager
def sinking() -> Iterator[tuple[Sink, str]]:
    """A sink and its address."""
    sink, lock = Sink(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            size = len(self.rfile.read(int(self.headers["content-length"])))
            with lock:
                sink.taken[self.path] = sink.taken.get(self.path, 0) + size
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield sink, f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class Told(NamedTuple):
    """Bytes that a life of the backend has sent, and written to its standard output."""

    spans: int
    logs: int
    lines: int


def told(parts: Parts, folder: Path, ask: Callable[[httpx.Client, int], object], requests: int, **env: str) -> Told:
    """Of a life with so many requests; the difference to a life with none is theirs."""
    with (
        sinking() as (sink, url),
        parts.replica(folder, OTEL_EXPORTER_OTLP_ENDPOINT=url, **env) as service,
    ):
        for number in range(requests):
            ask(service.client, number)
        service.stop()
        return Told(sink.taken.get("/v1/traces", 0), sink.taken.get("/v1/logs", 0), service.log.stat().st_size)
