"""What several workers show together is right, whatever moment one of them dies at."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from backend.core.monitoring.metrics import Counter, Gauge, Histogram, Registry
from backend.core.monitoring.metrics.shared import folding

from .crash_campaign import campaign


def test_killed_workers_lose_nothing_that_they_had_done() -> None:
    """Killed amid their records, with folding and growth of files; the reader never sees a counter fall."""
    totals = campaign(60)
    assert totals.sound, totals
    assert totals.acknowledged > 10_000


def recording(folder: Path, amount: float) -> Registry:
    """A worker with one of each kind."""
    registry = Registry()
    counter = Counter("done_total", "Done", labels=("kind",), registry=registry)
    histogram = Histogram("took_seconds", "Took", buckets=(1,), registry=registry)
    gauge = Gauge("living", "Living", registry=registry)
    registry.share(folder)
    counter.labels("a").inc(amount)
    counter.labels(f"only {amount}").inc(amount)
    histogram.observe(amount)
    gauge.set(1)
    return registry


def dies(registry: Registry) -> None:
    """To the others it looks as if its process had ended: the lock is gone."""
    assert registry.store.file is not None
    fcntl.flock(registry.store.file._descriptor, fcntl.LOCK_UN)


def shown(registry: Registry) -> dict[Any, float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in parse(registry.render().body.decode())
        for sample in family.samples
    }


def fold_until_line(registry: Registry, last: int) -> bool:
    """Fold in another process that kills itself before the given line of the folding; whether it came to the end."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    lines = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal lines
        if frame.f_code.co_filename != folding.__file__:
            return None
        lines += event == "line"
        if lines == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    registry.tidy()
    os._exit(0)


def test_folding_can_be_killed_at_every_line(tmp_path: Path) -> None:
    """What is shown stays the same, and the next who folds brings it to its end."""
    reader = recording(tmp_path, 1)
    line, finished = 0, False
    while not finished:
        line += 1
        dies(recording(tmp_path, 2 + line % 3))
        before = shown(reader)
        finished = fold_until_line(reader, line)
        assert shown(reader) == before, f"killed before line {line}"
        if line % 5 == 0:
            reader.tidy()
            assert shown(reader) == before, f"folded after a death before line {line}"
    assert line > 20
    reader.tidy()
    assert shown(reader) == before
    assert len(list(tmp_path.glob("*.metrics"))) == 1  # the reader's own


def test_states_of_the_dead_vanish_and_their_counts_stay(tmp_path: Path) -> None:
    """Before and after they are folded."""
    reader, other = recording(tmp_path, 1), recording(tmp_path, 2)
    assert shown(reader)["living",] == 2
    dies(other)
    for _ in range(2):
        now = shown(reader)
        assert (now["living",], now["done_total", "a"], now["took_seconds_count",]) == (1, 3, 2)
        reader.tidy()


@pytest.mark.parametrize(("across", "expected"), [("sum", 9), ("max", 5), ("min", 4), ("latest", 4)])
def test_what_a_gauge_of_several_workers_means(tmp_path: Path, across: Any, expected: float) -> None:
    """A worker that has not set it yet has no say in a maximum, a minimum or the latest."""
    workers = [Registry() for _ in range(3)]
    gauges = [Gauge("state", "State", across=across, registry=worker) for worker in workers]
    for worker in workers:
        worker.share(tmp_path)
    gauges[0].set(5)
    gauges[1].set(4)
    assert [shown(worker)["state",] for worker in workers] == [expected] * 3


def test_a_thousand_recycled_workers_leave_one_file(tmp_path: Path) -> None:
    """Each starts after the one before has died, as with a limit on requests per worker."""
    for _ in range(1000):
        worker = Registry()
        counter = Counter("done_total", "Done", registry=worker)
        worker.share(tmp_path)
        counter.inc()
        dies(worker)
    reader = Registry()
    Counter("done_total", "Done", registry=reader)
    reader.share(tmp_path)
    assert shown(reader)["done_total",] == 1000
    assert {path.suffix for path in tmp_path.iterdir()} == {".metrics", ".lock", ""}
    assert len(list(tmp_path.iterdir())) == 3


def test_a_folded_file_has_no_more_label_sets_than_the_metric_allows(tmp_path: Path) -> None:
    """Else the dead of a long life would add up to what the limit is there to prevent."""
    for number in range(5):
        worker = Registry()
        counter = Counter("asked_total", "Asked", labels=("path", "status"), values={"status": ("200",)}, limit=2,
                          registry=worker)  # fmt: skip
        worker.share(tmp_path)
        counter.labels(f"/{number}", "200").inc()
        dies(worker)
    reader = Registry()
    reader.share(tmp_path)
    now = shown(reader)
    assert len([key for key in now if key[0] == "asked_total"]) == 3
    assert now["asked_total", "_overflow", "200"] == 3
