"""CPU of one request in process: the application is called by ASGI, without a server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from starlette.types import ASGIApp

from benchmarks.application import BARE, VARIANTS
from benchmarks.asgi import get
from benchmarks.group import Group
from benchmarks.process import column, interleave
from benchmarks.row import Comparison, Row, Target
from benchmarks.variant import Measure

PATHS = tuple(f"/items/{item}" for item in range(100))


def prepare(variant: str) -> Measure:
    """CPU microseconds of each of `requests`."""
    return measuring(VARIANTS[variant]())


def measuring(app: ASGIApp) -> Measure:
    """CPU microseconds of each of `requests` to an application, of all threads of the process."""
    runner = asyncio.Runner()

    async def send(requests: int) -> None:
        for number in range(requests):
            await get(app, PATHS[number % len(PATHS)])

    def measure(requests: int) -> dict[str, float]:
        started = time.process_time()
        runner.run(send(requests))
        return {"us": (time.process_time() - started) / requests * 1e6}

    return measure


def measure(quick: bool) -> Sequence[Row]:
    """One row."""
    requests, rounds, processes = (300, 5, 1) if quick else (500, 15, 2)
    answers = interleave(__name__, tuple(VARIANTS), {"requests": requests}, rounds=rounds, processes=processes)
    target = Target(floor=1.30, goal=1.20)
    return [
        Row("CPU per request, in process", "µs", column(answers, "us"), BARE, Comparison.RATIO, target, without=(BARE,))
    ]


GROUP = Group(
    "in_process",
    "A request, in process",
    """\
A FastAPI application with one route that returns a small object is called directly by ASGI: a new scope with eight
headers each time, no server, no HTTP client. Every figure is CPU time of the whole process. Ours counts, logs a line of
JSON to a file and gives a request id. Of the peers, prometheus-fastapi-instrumentator and starlette-exporter count;
OpenTelemetry's instrumentation for FastAPI counts and traces, to exporters that throw all away; asgi-correlation-id
with structlog gives a request id and logs; only the last does all that ours does. Ratios are to the bare
application.""",
    measure,
)
