"""A backend as Prometheus sees it: every metric of the catalogue at 0 in the first scrape, then more with each."""

from __future__ import annotations

import itertools
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

import backend.core.monitoring.metrics.catalogue  # noqa: F401 - importing it declares the metrics
from backend.core.monitoring.metrics import REGISTRY, Description

DECLARED = REGISTRY.descriptions()
# Values of labels that are open, or have too many values for all of them; where the catalogue knows a few, it is all.
_CHOSEN: dict[str, tuple[str, ...]] = {
    "method": ("GET", "POST"),
    "endpoint": ("/api/search", "/api/agents/{agent_type}/runs"),
    "agent_type": ("supply_hunter",),
}
_STATUSES = ("200", "500")


class BackendWithTraffic:
    """Serves /monitoring/metrics on a free loopback port; a context manager."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._children = [child for metric in DECLARED for child in _children(metric, self._registry)]
        served = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = served._scrape() if self.path == "/monitoring/metrics" else b""
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _scrape(self) -> bytes:
        page = generate_latest(self._registry)
        for child in self._children:
            match child:
                case Counter():
                    child.inc()
                case Gauge():
                    child.set(1)
                case Histogram():
                    child.observe(0.2)
        return page


def _children(metric: Description, registry: CollectorRegistry) -> list[Counter | Gauge | Histogram]:
    store: Counter | Gauge | Histogram
    if metric.type == "histogram":
        store = Histogram(metric.name, metric.help, metric.labels, buckets=metric.buckets, registry=registry)
    else:
        kind = Counter if metric.type == "counter" else Gauge
        store = kind(metric.name, metric.help, metric.labels, registry=registry)
    if not metric.labels:
        return [store]
    values = [_values(metric, label) for label in metric.labels]
    return [store.labels(*combination) for combination in itertools.product(*values)]


def _values(metric: Description, label: str) -> tuple[str, ...]:
    if (metric.name, label) == ("http_requests_total", "status"):
        return _STATUSES
    return _CHOSEN.get(label) or metric.values.get(label, ("one", "two"))
