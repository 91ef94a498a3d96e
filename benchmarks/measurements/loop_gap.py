"""How long a scrape keeps the event loop from everybody else."""

from __future__ import annotations

import asyncio
import gc
import gzip
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import uvloop
from starlette.types import ASGIApp

from benchmarks.application import bare, void
from benchmarks.asgi import Exchange, get
from benchmarks.exposition_check import wrong_samples
from benchmarks.families import PEER, SAMPLES, Families, peer
from benchmarks.families import ours as our_families
from benchmarks.group import Group
from benchmarks.process import Answers, column, interleave, wrong
from benchmarks.row import AGAIN, OURS, Comparison, Row, Target
from benchmarks.variant import Measure

ROUTES = 10_000 // SAMPLES
IDLE, IDLE_SECONDS = "no scrape", 0.1
ENCODINGS = {"plain": b"identity", "gzip": b"gzip"}


class Side(NamedTuple):
    """What is scraped: `app` answers at `path` for the numbers of `families`."""

    families: Families
    app: ASGIApp
    path: str


def prepare(variant: str) -> Measure:
    """The longest time, in milliseconds, that the loop did not come round in a scrape of each encoding, by ASGI."""
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    if variant == IDLE:
        return lambda: {encoding: runner.run(_gap_alone()) * 1e3 for encoding in ENCODINGS} | {"wrong": 0}
    side = SIDES[variant]()
    children = list(side.families.children(ROUTES))
    records = 0

    def milliseconds(encoding: str) -> tuple[float, int]:
        nonlocal records
        for record in children:
            record()
        records += 1
        gc.collect()
        gap, response = runner.run(_gap_in_a_scrape(side, encoding))
        return gap * 1e3, wrong_samples(_page(response, encoding), routes=ROUTES, records=records)

    def measure() -> dict[str, float]:
        found = {encoding: milliseconds(encoding) for encoding in ENCODINGS}
        return {encoding: gap for encoding, (gap, _) in found.items()} | {"wrong": sum(n for _, n in found.values())}

    return measure


async def _gap_alone() -> float:
    return await longest_gap(asyncio.create_task(asyncio.sleep(IDLE_SECONDS)))


async def _gap_in_a_scrape(side: Side, encoding: str) -> tuple[float, Exchange]:
    scrape = scraping(side, encoding)
    return await longest_gap(scrape), await scrape


def scraping(side: Side, encoding: str) -> asyncio.Task[Exchange]:
    """A scrape that goes on."""
    headers = (
        (b"host", b"127.0.0.1:8000"),
        (b"accept", b"text/plain;version=0.0.4"),
        (b"accept-encoding", ENCODINGS[encoding]),
    )
    return asyncio.create_task(get(side.app, side.path, headers))


async def longest_gap(task: asyncio.Task[Any]) -> float:
    """Seconds between two turns of the loop, until the task is done."""
    longest, last = 0.0, time.perf_counter()
    while not task.done():
        await asyncio.sleep(0)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return longest


def _page(response: Exchange, encoding: str) -> bytes:
    """The page; raises gzip.BadGzipFile when it is not compressed as it was asked for."""
    return gzip.decompress(response.body) if encoding == "gzip" else response.body


def ours() -> Side:
    """The service's own page, with the metrics of the benchmark among its own."""
    from backend.core.monitoring import Monitoring, configure_logging
    from backend.core.monitoring.metrics import REGISTRY

    configure_logging(production=True, level="INFO", stream=void())
    return Side(our_families(REGISTRY), Monitoring(bare()), "/monitoring/metrics")


def _peer() -> Side:
    from prometheus_client import make_asgi_app

    families = peer()
    return Side(families, make_asgi_app(families.registry), "/")


SIDES: dict[str, Callable[[], Side]] = {PEER: _peer, OURS: ours}


def measure(quick: bool) -> Sequence[Row]:
    """A row for each encoding."""
    answers = interleave(__name__, (*SIDES, IDLE, PEER + AGAIN), {}, rounds=5 if quick else 25)
    return [_row(encoding, answers) for encoding in ENCODINGS]


def _row(encoding: str, answers: Answers) -> Row:
    what, target = f"Worst gap of the event loop in a scrape, {encoding}", Target(floor=10, goal=2)
    samples = column(answers, encoding)
    return Row(what, "ms", samples, PEER, Comparison.ABSOLUTE, target, wrong(answers), without=(IDLE,))


GROUP = Group(
    "loop_gap",
    "The event loop in a scrape",
    """\
Wall time: a task does nothing but give the loop a turn, again and again, while a page of 10,000 samples is scraped by
ASGI in the same loop; the figure is its longest wait, the median over scrapes. Every sample of each page is compared
with what was recorded. *No scrape* is the same loop left alone, which shows what the machine itself adds.""",
    measure,
)
