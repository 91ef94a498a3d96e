"""What it costs to count and time a call of a coroutine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from benchmarks.families import PEER, SECONDS
from benchmarks.group import Group
from benchmarks.process import Answers, column, interleave
from benchmarks.row import AGAIN, OURS, Comparison, Row, Target
from benchmarks.variant import Measure

BARE = "bare call"
Call = Callable[[], Awaitable[None]]


async def work() -> None:
    """What is tracked."""


def prepare(variant: str) -> Measure:
    """CPU microseconds of each of `calls`."""
    runner, call = asyncio.Runner(), VARIANTS[variant]()

    async def repeat(calls: int) -> None:
        for _ in range(calls):
            await call()

    def measure(calls: int) -> dict[str, float]:
        started = time.process_time()
        runner.run(repeat(calls))
        return {"us": (time.process_time() - started) / calls * 1e6}

    return measure


def _ours() -> Call:
    from backend.core.monitoring import track_tool_execution

    return track_tool_execution("bench")(work)


def _prometheus_client() -> Call:
    from prometheus_client import Counter, Histogram

    totals = Counter("bench_calls_total", "Calls", ("name", "status"))
    success, error = (totals.labels(name="bench", status=status) for status in ("success", "error"))
    duration = Histogram("bench_call_duration_seconds", "Time", ("name",), buckets=SECONDS).labels(name="bench")

    async def tracked() -> None:
        started, total = time.perf_counter(), error
        try:
            await work()
            total = success
        finally:
            total.inc()
            duration.observe(time.perf_counter() - started)

    return tracked


def _opentelemetry() -> Call:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    meter = MeterProvider([InMemoryMetricReader()]).get_meter("bench")
    totals = meter.create_counter("bench.calls")
    duration = meter.create_histogram("bench.call.duration", "s", explicit_bucket_boundaries_advisory=SECONDS)

    async def tracked() -> None:
        started, status = time.perf_counter(), "error"
        try:
            await work()
            status = "success"
        finally:
            totals.add(1, {"name": "bench", "status": status})
            duration.record(time.perf_counter() - started, {"name": "bench"})

    return tracked


VARIANTS: dict[str, Callable[[], Call]] = {
    BARE: lambda: work,
    OURS: _ours,
    f"{PEER} by hand": _prometheus_client,
    "OpenTelemetry SDK by hand": _opentelemetry,
    BARE + AGAIN: lambda: work,
}


def measure(quick: bool) -> Sequence[Row]:
    """One row."""
    rounds, processes = (5, 1) if quick else (15, 2)
    return [row(interleave(__name__, tuple(VARIANTS), {"calls": 20_000}, rounds=rounds, processes=processes))]


def row(answers: Answers) -> Row:
    """Of whichever variants have answered, ours and the bare call among them."""
    target = Target(floor=6, goal=3)
    return Row("Tracked async call", "µs", column(answers, "us"), BARE, Comparison.DIFFERENCE, target, without=(BARE,))


GROUP = Group(
    "tracked_call",
    "A tracked call",
    """\
CPU time of awaiting a coroutine function that does nothing, under `track_tool_execution`, beyond the bare call's. The
decorator counts by outcome and times; the peers do so by hand, prometheus_client with its labels bound once, the
OpenTelemetry SDK with its attributes given at each call, as its interface wants it.""",
    measure,
)
