"""Files that begin alike are looked at once; what is read is what each of them says by itself."""

from __future__ import annotations

from collections import Counter as Tally
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.monitoring.metrics import Counter, Gauge, Histogram, Registry, Trace
from backend.core.monitoring.metrics.shared.file_reader import FileReader
from backend.core.monitoring.metrics.shared.record import HEADER_SIZE, TornError, service_digest

from .test_crashes import dies, shown

QUEUES = st.lists(st.sampled_from("abcdef"), max_size=8)


class Worker:
    """One that counts jobs, in a file of `folder`."""

    def __init__(self, folder: Path) -> None:
        self.registry = Registry()
        self.jobs = Counter("jobs_total", "Jobs", labels=("queue",), registry=self.registry)
        self.times = Histogram("times", "Times", labels=("queue",), buckets=(1, 2), registry=self.registry)
        self.waiting = Gauge("waiting", "Waiting", labels=("queue",), registry=self.registry)
        self.registry.share(folder)

    def work(self, queues: list[str]) -> None:
        """One job of each."""
        for queue in queues:
            self.jobs.labels(queue).inc()
            self.times.labels(queue).observe(1.5, trace=Trace(1, 2))
            self.waiting.labels(queue).inc()


def counted(worker: Worker) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Jobs, times and waiting by queue, as a worker shows them for all."""
    page = shown(worker.registry)

    def of(sample: str) -> dict[str, float]:
        return {key[1]: value for key, value in page.items() if key[0] == sample}

    return of("jobs_total"), of("times_count"), of("waiting")


@settings(deadline=None, max_examples=60)
@given(QUEUES, st.lists(st.tuples(QUEUES, QUEUES), min_size=2, max_size=4), st.integers(0, 4))
def test_however_much_they_have_in_common(
    alike: list[str], apart: list[tuple[list[str], list[str]]], dead: int
) -> None:
    """Workers that begin alike and go on differently, before a page and after it; some of them die in between."""
    with TemporaryDirectory() as name:
        workers = [Worker(Path(name)) for _ in apart]
        for worker, (first, _) in zip(workers, apart, strict=True):
            worker.work(alike + first)
        all_jobs = Tally(alike * len(workers) + [queue for first, _ in apart for queue in first])
        assert counted(workers[0]) == (all_jobs, all_jobs, all_jobs)
        for worker, (_, then) in zip(workers, apart, strict=True):
            worker.work(then)
        all_jobs.update(queue for _, then in apart for queue in then)
        jobs = Tally(alike * len(workers) + [queue for each in apart for part in each for queue in part])
        assert counted(workers[0]) == (all_jobs, all_jobs, all_jobs) == (jobs, jobs, jobs)
        for worker in workers[1 : 1 + dead]:
            dies(worker.registry)
        late = Worker(Path(name))  # which folds them, and reads all others anew
        late.work(alike)
        jobs.update(alike)
        alive = [each for index, each in enumerate(apart) if not 1 <= index < 1 + dead]
        waiting = Tally(alike * (len(alive) + 1) + [queue for each in alive for part in each for queue in part])
        for worker in (late, workers[0]):
            assert counted(worker) == (jobs, jobs, waiting)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Of two workers that have done the same, and then one thing more, each its own."""
    for number, worker in enumerate([Worker(tmp_path), Worker(tmp_path)]):
        worker.work(["a", "b", "c", f"own-{number}"])
    first, second = sorted(tmp_path.glob("*.metrics"))
    return first, second


def test_what_is_alike_is_skipped(files: tuple[Path, Path]) -> None:
    """Up to the first record that differs."""
    known = FileReader(files[0], service_digest(""))
    list(known.records())
    reader = FileReader(files[1], service_digest(""))
    reader.skip_like(known)
    assert 12 <= reader.length < known.length
    assert reader.metrics == known.metrics
    own = [record.text for record in reader.records()]
    assert own[0].startswith(b'queue="own-')
    assert reader.length == known.length


def test_a_flipped_bit_is_seen_whatever_was_skipped(files: tuple[Path, Path], tmp_path: Path) -> None:
    """Anywhere in the records: what is read and what is complained of are the same, with the other file and without."""
    known = FileReader(files[0], service_digest(""))
    list(known.records())
    sound = files[1].read_bytes()
    end = int.from_bytes(sound[8:16], "little")
    for place in range(HEADER_SIZE, end):
        path = tmp_path / str(place)
        path.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
        with_it, without = FileReader(path, service_digest("")), FileReader(path, service_digest(""))
        with_it.skip_like(known)
        ends = [complaint(with_it), complaint(without)]
        assert ends[0] == ends[1]
        assert (with_it.length, with_it.metrics) == (without.length, without.metrics)


def complaint(reader: FileReader) -> str:
    """What is wrong with the rest of a file."""
    try:
        list(reader.records())
    except TornError as torn:
        return str(torn)
    return ""
