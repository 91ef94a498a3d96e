"""How long a scrape for many workers keeps the event loop from everybody else, and the folding of the dead as well."""

from __future__ import annotations

import asyncio
import gc
import tempfile
from collections.abc import Sequence
from pathlib import Path

import uvloop

from benchmarks.asgi import get
from benchmarks.exposition_check import wrong_samples
from benchmarks.fleet import PATIENCE_SECONDS, Fleet
from benchmarks.group import Group
from benchmarks.process import Answers, column, interleave, wrong
from benchmarks.row import OURS, Comparison, Row, Target
from benchmarks.variant import Measure

from .dead_workers import DEAD, LIVE, ours_shared
from .loop_gap import ROUTES, Side, longest_gap, scraping
from .loop_gap import ours as ours_scraped


def prepare(variant: str) -> Measure:
    """The longest gaps, in milliseconds, and how many samples were wrong; for one question only."""
    from backend.core.monitoring import vitals

    assert variant == OURS, "prometheus_client shows a page without a pause, as the other group tells"
    vitals.TIDY_SECONDS = PATIENCE_SECONDS  # it folds when it is told, so that it is known what a scrape meets
    folder = tempfile.TemporaryDirectory()

    def measure() -> dict[str, float]:
        directory = Path(folder.name)
        fleet = Fleet(ours_shared(directory).declare, routes=ROUTES, live=LIVE - 1, dead=DEAD)
        with folder, fleet, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            side = ours_scraped()
            side.families.registry.share(directory)
            for record in side.families.children(ROUTES):
                record()
            runner.run(get(side.app, "/items/1"))  # the service starts
            fleet.let_die()
            return runner.run(_gaps(side))

    return measure


async def _gaps(side: Side) -> dict[str, float]:
    found, missing = {}, 0
    for when in ("first", "folding", "folded_first", "folded_second"):
        gc.collect()
        if when == "folding":
            folding = asyncio.create_task(asyncio.to_thread(side.families.registry.tidy))
            found[when] = await longest_gap(folding) * 1e3
        else:
            scrape = scraping(side, "plain")
            found[when] = await longest_gap(scrape) * 1e3
            missing += wrong_samples((await scrape).body, routes=ROUTES, records=LIVE + DEAD)
    return found | {"wrong": missing}


def measure(quick: bool) -> Sequence[Row]:
    """Scrapes with the dead as they fell, and when they have been folded; and the folding."""
    answers = interleave(__name__, (OURS,), {}, rounds=1, processes=1 if quick else 5, warm_up=False)
    who, target = f"{LIVE} live and {DEAD} dead workers", Target(floor=10, goal=2)
    return [
        _row(f"Worst gap, first scrape of {who}", answers, "first", target),
        _row("Worst gap, first scrape after folding", answers, "folded_first", target),
        _row("Worst gap, second scrape after folding", answers, "folded_second", target),
        _row(f"Worst gap while {DEAD} dead workers are folded", answers, "folding", None),
    ]


def _row(what: str, answers: Answers, key: str, target: Target | None) -> Row:
    return Row(what, "ms", column(answers, key), OURS, Comparison.ABSOLUTE, target, wrong(answers))


GROUP = Group(
    "workers_gap",
    "The event loop with many workers",
    """\
As under *The event loop in a scrape*, with the workers of *Many workers*: the page is made of the files of all, on a
local disk, and a thread folds those of the dead into one. Wall time, with what the disk adds. There is no peer:
prometheus_client makes its page in one go, so that the loop waits as long as its scrape takes.""",
    measure,
)
