"""CPU of one scrape: rendering a page of which every value has changed."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Sequence

from benchmarks.exposition_check import wrong_samples
from benchmarks.families import OPENMETRICS, PEER, SAMPLES, SIDES, TEXT, VARIANTS
from benchmarks.group import Group
from benchmarks.process import column, interleave, wrong
from benchmarks.row import Comparison, Row, Target
from benchmarks.variant import Measure

FORMATS = {"text": TEXT, "OpenMetrics": OPENMETRICS}


def prepare(variant: str, routes: int) -> Measure:
    """CPU milliseconds of a page in each format, and how many of their samples are wrong."""
    families = SIDES[variant]()
    children = list(families.children(routes))
    records = 0

    def milliseconds(accept: str) -> tuple[float, int]:
        nonlocal records
        for record in children:
            record()
        records += 1
        gc.collect()
        started = time.process_time()
        page = families.render(accept)
        spent = (time.process_time() - started) * 1e3
        return spent, wrong_samples(page, routes=routes, records=records)

    def measure() -> dict[str, float]:
        found = {name: milliseconds(accept) for name, accept in FORMATS.items()}
        return {name: spent for name, (spent, _) in found.items()} | {
            "wrong": sum(count for _, count in found.values())
        }

    return measure


def measure(quick: bool) -> Sequence[Row]:
    """A row for each size and format."""
    rounds = {10_000: 5} if quick else {10_000: 15, 100_000: 3}
    return [row for size, number in rounds.items() for row in _rows(size, number)]


def _rows(size: int, rounds: int) -> Iterator[Row]:
    answers = interleave(__name__, VARIANTS, {}, rounds=rounds, routes=size // SAMPLES)
    target = Target(floor=10, goal=25)
    for name in FORMATS:
        what = f"Scrape of {size:,} samples, {name}"
        yield Row(what, "ms", column(answers, name), PEER, Comparison.SPEEDUP, target, wrong(answers))


GROUP = Group(
    "scrape",
    "A scrape",
    """\
CPU time of rendering the page. Both sides declare the metrics of an HTTP service: for each route five counters and
three histograms of 14, 11 and 11 edges, which are fifty samples. All values change before each scrape, and every sample
of each page is compared with what was recorded. prometheus_client is spared its `_created` samples.""",
    measure,
)
