"""Memory of one sample."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Sequence

import psutil

from benchmarks.exposition_check import wrong_samples
from benchmarks.families import COUNTER_SAMPLES, HISTOGRAM_SAMPLES, PEER, SAMPLES, SIDES, TEXT
from benchmarks.group import Group
from benchmarks.process import column, interleave, wrong
from benchmarks.row import Comparison, Row, Target
from benchmarks.variant import Measure

TOTAL = 100_000
PARTS = {
    "counters": (COUNTER_SAMPLES, {"histograms": False}),
    "histograms": (HISTOGRAM_SAMPLES, {"counters": False}),
    "mixed": (SAMPLES, {}),
}
"""Samples of a route, and what is left out."""


def prepare(variant: str, part: str, tool: str) -> Measure:
    """Bytes of each sample after one record into each child; for one question only, the memory is not given back."""
    families = SIDES[variant]()
    samples, without = PARTS[part]
    routes = TOTAL // samples

    def measure() -> dict[str, float]:
        used = TOOLS[tool]()
        before = used()
        for record in families.children(routes, **without):
            record()
        gc.collect()
        grown = used() - before
        tracemalloc.stop()
        page = families.render(TEXT)
        return {
            "bytes": grown / (routes * samples),
            "wrong": wrong_samples(page, routes=routes, records=1, **without),
        }

    return measure


def _allocated() -> Callable[[], float]:
    tracemalloc.start()
    return lambda: tracemalloc.get_traced_memory()[0]


def _resident() -> Callable[[], float]:
    process = psutil.Process()
    return lambda: process.memory_info().rss


TOOLS: dict[str, Callable[[], Callable[[], float]]] = {"allocated": _allocated, "resident": _resident}


def measure(quick: bool) -> Sequence[Row]:
    """The mix by both tools, with targets; counters and histograms alone, to show where it goes."""
    target = Target(floor=100, goal=40)
    rows = [_row("mixed", tool, target) for tool in TOOLS]
    return rows if quick else [*rows, _row("counters", "allocated"), _row("histograms", "allocated")]


def _row(part: str, tool: str, target: Target | None = None) -> Row:
    """Of one process each: another would allocate the very same."""
    answers = interleave(__name__, tuple(SIDES), {}, rounds=1, warm_up=False, part=part, tool=tool)
    what = f"Memory per sample, {part}, {tool}"
    return Row(what, "B", column(answers, "bytes"), PEER, Comparison.ABSOLUTE, target, wrong(answers))


GROUP = Group(
    "memory",
    "Memory",
    """\
What a process has more after it has made 100,000 samples and recorded once into each: *allocated* by `tracemalloc`,
*resident* by the kernel's count of its pages. *Mixed* are the metrics of the scrape; counters and histograms alone show
where it goes: a counter is one sample of a label set, a histogram of 14 edges seventeen. That the page shows all of
them is checked afterwards.""",
    measure,
)
