"""CPU of one request in process, traced: all spans recorded and sent to a collector, or all sampled out."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from starlette.types import ASGIApp

from benchmarks.application import BARE, bare, ours
from benchmarks.asgi import get
from benchmarks.group import Group
from benchmarks.process import ROOT, column, interleave
from benchmarks.row import AGAIN, OURS, Comparison, Row, Target
from benchmarks.variant import Measure

PATHS = tuple(f"/items/{item}" for item in range(100))
CONTRIB, NATIVE = "OpenTelemetry", "FastAPI's own"
Flush = Callable[[], object]


def prepare(variant: str, sampler: str) -> Measure:
    """CPU microseconds of each of `requests`, of all threads, until their spans have been sent to `port`."""
    runner = asyncio.Runner()
    built: list[tuple[ASGIApp, Flush]] = []

    async def send(app: ASGIApp, requests: int) -> None:
        for number in range(requests):
            await get(app, PATHS[number % len(PATHS)])

    def measure(requests: int, port: int) -> dict[str, float]:
        if not built:
            os.environ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = f"http://127.0.0.1:{port}/v1/traces"
            os.environ["OTEL_TRACES_SAMPLER"] = sampler
            built.append(_BUILD[variant]())
        app, flush = built[0]
        started = time.process_time()
        runner.run(send(app, requests))
        flush()
        return {"us": (time.process_time() - started) / requests * 1e6}

    return measure


def _bare() -> tuple[ASGIApp, Flush]:
    return bare(), lambda: None


def _ours() -> tuple[ASGIApp, Flush]:
    from backend.core.monitoring.tracing.export import Exporting

    exporting = Exporting({"service.name": "bench"})
    exporting.start()
    (pipeline,) = exporting._pipelines
    return ours(), pipeline.queue.force_flush  # type: ignore[attr-defined]


def _provider() -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


def _contrib() -> tuple[ASGIApp, Flush]:
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

    app, provider = bare(), _provider()
    FastAPIInstrumentor.instrument_app(app, tracer_provider=provider)
    return app, provider.force_flush


def _native() -> tuple[ASGIApp, Flush]:
    from fastapi import FastAPI

    provider = _provider()
    return bare(FastAPI(telemetry={"tracer_provider": provider})), provider.force_flush


_BUILD: dict[str, Callable[[], tuple[ASGIApp, Flush]]] = {
    BARE: _bare,
    OURS: _ours,
    CONTRIB: _contrib,
    NATIVE: _native,
}


def measure(quick: bool) -> Sequence[Row]:
    """One row for spans that are sent, one for spans that are not."""
    return [
        _row("CPU per request, with a span that is sent", "always_on", Target(floor=3.0, goal=1.6), quick),
        _row("The same, spans sampled out", "always_off", Target(floor=1.4, goal=1.25), quick),
    ]


def _row(what: str, sampler: str, target: Target, quick: bool) -> Row:
    requests, rounds, processes = (300, 5, 1) if quick else (500, 12, 2)
    command = [sys.executable, "-m", "benchmarks.collector"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as collector:
        assert collector.stdout is not None
        question = {"requests": requests, "port": int(collector.stdout.readline())}
        variants = (*_BUILD, BARE + AGAIN)
        answers = interleave(__name__, variants, question, rounds=rounds, processes=processes, sampler=sampler)
        collector.communicate()
    return Row(what, "µs", column(answers, "us"), BARE, Comparison.RATIO, target, without=(BARE,))


GROUP = Group(
    "spans",
    "A request with a span",
    """\
As in process, and each request is a span. Sent: recorded, put into the queue, encoded and sent by OTLP/HTTP to a
collector in a process of its own, all of which is waited for and counted. Sampled out: the sampler says no to every
one. Ours counts, logs a line with the span's ids and gives a request id besides; OpenTelemetry's instrumentation for
FastAPI makes three spans of a request, FastAPI's own tracing one, and both do no more than that.""",
    measure,
)
