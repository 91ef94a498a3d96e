"""A service with a large page of metrics, which watches how long its event loop is kept from others.

It has something in each metric of the catalogue, too, with label values of which a careless writer makes a broken page.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from backend.core.monitoring import Monitoring, metrics_response
from backend.core.monitoring.metrics import Counter, Gauge, Histogram, Trace, catalogue

metrics_response.DEADLINE_SECONDS = 8.0  # a scraper that does not read is cut off within a test's time

METRICS, LABEL_SETS, BUCKETS = 8, 1000, [float(edge) for edge in range(1, 11)]
LINES = METRICS * LABEL_SETS * (len(BUCKETS) + 3)
_LARGE = [
    Histogram(f"large_{number}", "One of many", buckets=BUCKETS, labels=("shop",), limit=LABEL_SETS)
    for number in range(METRICS)
]
_PAID = Histogram("paid_seconds", "With exemplars", buckets=(0.1, 1), unit="seconds")
_ODD = 'odd "\\\n☃'
# What a Prometheus asks for that is told to use the text format alone.
_TEXT_ALONE = (b"accept", b"text/plain;version=0.0.4;q=0.2,*/*;q=0.1")


async def _heartbeat(gaps: list[float]) -> None:
    """In CPU time of the loop's thread: what it was kept busy, whatever else the machine does."""
    while True:
        before = time.thread_time()
        await asyncio.sleep(0)
        gaps[0] = max(gaps[0], time.thread_time() - before)


def _record_in(metric: Counter[...] | Gauge[...] | Histogram[...]) -> None:
    """One label set of a declared metric, with something in it."""
    description = metric._family.description
    values = [description.values.get(label, (_ODD,))[0] for label in description.labels]
    child = metric.labels(*values) if values else metric
    if isinstance(child, Histogram):
        child.observe(0.3)
    else:
        child.inc()


@asynccontextmanager
async def _lifespan(api: FastAPI) -> AsyncIterator[None]:
    for histogram in _LARGE:
        for shop in range(LABEL_SETS):
            histogram.labels(f"shop {shop}").observe(shop % 12)
    for metric in vars(catalogue).values():
        if isinstance(metric, Counter | Gauge | Histogram):
            _record_in(metric)
    api.state.gaps = [0.0]
    beating = asyncio.create_task(_heartbeat(api.state.gaps))
    yield
    beating.cancel()


api = FastAPI(lifespan=_lifespan)


@api.get("/gap")
async def gap() -> float:
    """The most CPU seconds that the loop has spent in one go since it was asked last."""
    longest, api.state.gaps[0] = api.state.gaps[0], 0.0
    return float(longest)


@api.get("/pay")
async def pay(seconds: float, trace_id: str) -> None:
    """Observe a value within a trace."""
    _PAID.observe(seconds, Trace(int(trace_id, 16), 0xB))


_monitored = Monitoring(api)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The service; `/text` is its page of metrics for a scraper that is told to ask for text."""
    if scope.get("path") == "/text":
        headers = [pair for pair in scope["headers"] if pair[0] != b"accept"]
        scope = {**scope, "path": "/monitoring/metrics", "headers": [*headers, _TEXT_ALONE]}
    await _monitored(scope, receive, send)
