"""A scrape of a service with many workers, most of them dead: one page for all, with nothing lost."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from benchmarks.exposition_check import wrong_samples
from benchmarks.families import PEER, SAMPLES, TEXT, VARIANTS, Families, ours, peer
from benchmarks.fleet import Fleet
from benchmarks.group import Group
from benchmarks.process import Answers, column, interleave, wrong
from benchmarks.row import OURS, Comparison, Row, Target
from benchmarks.variant import Measure

ROUTES = 10_000 // SAMPLES
LIVE, DEAD = 4, 50


class Side(NamedTuple):
    """`declare` declares the metrics in one worker; what it renders is the page of all.

    `tidy` is what a live worker does about the dead, given its own metrics and their process ids.
    """

    declare: Callable[[], Families]
    tidy: Callable[[Families, Iterable[int]], None]


def prepare(variant: str, dead: int) -> Measure:
    """CPU milliseconds of scrapes, megabytes of files, and how many samples are wrong; for one question only."""
    folder = tempfile.TemporaryDirectory()
    directory = Path(folder.name)
    side = SIDES[variant](directory)

    def measure() -> dict[str, float]:
        with folder, Fleet(side.declare, routes=ROUTES, live=LIVE - 1, dead=dead) as fleet:
            scraped = _Scraped(side.declare(), fleet, dead)
            killed = fleet.let_die()
            answer = {"first": scraped.scrape(), "megabytes": _megabytes(directory)}
            answer["tidy"] = _cpu_milliseconds(lambda: side.tidy(scraped.families, killed))
            answer |= {"tidied_first": scraped.scrape(), "tidied_second": scraped.scrape()}
            return answer | {"tidied_megabytes": _megabytes(directory), "wrong": scraped.wrong}

    return measure


def ours_shared(directory: Path) -> Side:
    """Our library with its numbers in files of `directory`."""
    import backend.core.monitoring.metrics  # noqa: F401 - now, and not in each of the forked workers

    def declare() -> Families:
        families = ours()
        families.registry.share(directory)
        return families

    return Side(declare, lambda families, _: families.registry.tidy())


def peer_shared(directory: Path) -> Side:
    """prometheus_client in its multiprocess mode."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)  # read when prometheus_client is imported
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

    def declare() -> Families:
        page = CollectorRegistry()
        MultiProcessCollector(page)
        return replace(peer(), render=lambda _: generate_latest(page))

    def tidy(_: Families, killed: Iterable[int]) -> None:
        for pid in killed:
            mark_process_dead(pid)

    return Side(declare, tidy)


SIDES: dict[str, Callable[[Path], Side]] = {OURS: ours_shared, PEER: peer_shared}


class _Scraped:
    """The last of the live workers, which answers for all."""

    def __init__(self, families: Families, fleet: Fleet, dead: int) -> None:
        self.families, self.wrong = families, 0
        self._fleet, self._dead = fleet, dead
        self._children = list(families.children(ROUTES))
        self._records = 1
        for record in self._children:
            record()

    def scrape(self) -> float:
        """CPU milliseconds of the page, after each of the live has recorded once more."""
        self._fleet.record()
        for record in self._children:
            record()
        self._records += 1
        page = b""

        def render() -> None:
            nonlocal page
            page = self.families.render(TEXT)

        spent = _cpu_milliseconds(render)
        self.wrong += wrong_samples(page, routes=ROUTES, records=self._dead + LIVE * self._records)
        return spent


def _cpu_milliseconds(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1e3


def _megabytes(directory: Path) -> float:
    """What the files take up on the disk, which is less than their length where they have holes."""
    return sum(path.stat().st_blocks * 512 for path in directory.rglob("*") if path.is_file()) / 1e6


def measure(quick: bool) -> Sequence[Row]:
    """Scrapes with the dead as they fell, and when they have been folded; the folding; the files; the live alone."""
    if quick:  # prometheus_client takes half a minute for each of its copies
        return _with_the_dead(interleave(__name__, VARIANTS[:2], {}, rounds=1, warm_up=False, dead=DEAD))
    answers, alone = (
        interleave(__name__, VARIANTS, {}, rounds=1, processes=2, warm_up=False, dead=dead) for dead in (DEAD, 0)
    )
    return [*_with_the_dead(answers), *_alone(alone)]


def _with_the_dead(answers: Answers) -> list[Row]:
    who, target = f"{LIVE} live and {DEAD} dead workers", Target(floor=20, goal=100)
    folding = {OURS: column(answers, "tidy")[OURS]}
    return [
        _scrape(f"First scrape of {who}", answers, "first", target),
        _scrape("First scrape after folding", answers, "tidied_first", target),
        _scrape("Second scrape after folding", answers, "tidied_second", target),
        Row(f"Folding {DEAD} dead workers", "ms", folding, OURS, Comparison.ABSOLUTE),
        _files(f"Files of {who}", answers, "megabytes"),
        _files("Files after folding", answers, "tidied_megabytes"),
    ]


def _alone(answers: Answers) -> list[Row]:
    target = Target(floor=10, goal=25)
    return [
        _scrape(f"First scrape of {LIVE} live workers", answers, "first", target),
        _scrape(f"Later scrape of {LIVE} live workers", answers, "tidied_second", target),
    ]


def _scrape(what: str, answers: Answers, key: str, target: Target) -> Row:
    return Row(what, "ms", column(answers, key), PEER, Comparison.SPEEDUP, target, wrong(answers))


def _files(what: str, answers: Answers, key: str) -> Row:
    return Row(what, "MB", column(answers, key), PEER, Comparison.ABSOLUTE)


GROUP = Group(
    "dead_workers",
    "Many workers",
    f"""\
{LIVE + DEAD} processes declare and record the same 10,000 samples, {DEAD} of them are killed, and one of the others is
scraped. Before each scrape the live record once more. The *first scrape* meets the files of all. Then ours folds the
files of the dead into one, which a service does every five seconds, and is scraped twice again; prometheus_client, in
its multiprocess mode, is told of the dead by `mark_process_dead`, and keeps the files of their counters. CPU time of
rendering the page; every sample of every page is compared with what all workers have recorded, the dead ones too.
*{LIVE} live workers* is the same without the dead.""",
    measure,
)
