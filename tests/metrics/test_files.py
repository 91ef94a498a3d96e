"""Files that are torn, foreign, cut or full: told, left out, and never the end of a service."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path
from typing import Any

import pytest

from backend.core.monitoring.metrics import Counter, Gauge, Histogram, Registry
from backend.core.monitoring.metrics.catalogue import FILES_SKIPPED
from backend.core.monitoring.metrics.shared.worker_file import WorkerFile

from .test_crashes import dies, recording, shown


@pytest.fixture
def reader(tmp_path: Path) -> Registry:
    return recording(tmp_path, 1)


def damaged(folder: Path, damage: Any) -> Path:
    """The file of another worker, after `damage` was done to its bytes."""
    before = set(folder.glob("*.metrics"))
    dies(recording(folder, 2))
    (path,) = set(folder.glob("*.metrics")) - before
    path.write_bytes(damage(path.read_bytes()))
    return path


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: b"", "foreign"),
        (lambda data: b"x" * len(data), "foreign"),
        (lambda data: data[:80], "torn"),
        (lambda data: data[:90] + bytes([data[90] ^ 1]) + data[91:], "torn"),
        (lambda data: data[:64] + os.urandom(len(data) - 64), "torn"),
    ],
    ids=["empty", "other", "cut", "a bit", "noise"],
)
def test_a_damaged_file_is_told_and_skipped(
    reader: Registry, tmp_path: Path, logs: Any, damage: Any, reason: str
) -> None:
    """The others go on being shown."""
    expected = shown(reader)
    path = damaged(tmp_path, damage)
    skipped = reader.troubles._skipped
    reader.troubles.count_with(FILES_SKIPPED, FILES_SKIPPED, Gauge("unshared", "U", registry=Registry()))
    before = FILES_SKIPPED.labels(reason)._cells[FILES_SKIPPED.labels(reason)._at]
    assert skipped is None
    assert shown(reader) == expected
    (line,) = logs.of("metrics_file_skipped")
    assert (Path(line["file"]), line["reason"]) == (path, reason)
    assert FILES_SKIPPED.labels(reason)._cells[FILES_SKIPPED.labels(reason)._at] == before + 1


def test_any_cut_and_any_flipped_byte_is_survived(reader: Registry, tmp_path: Path) -> None:
    """Wherever it is: nothing raises, and what this worker has itself is there."""
    path = damaged(tmp_path, lambda data: data)
    sound = path.read_bytes()
    for place in range(0, 700, 3):
        for data in (sound[:place], sound[:place] + bytes([sound[place] ^ 0xFF]) + sound[place + 1 :]):
            path.unlink()
            path = path.with_name(f"{place}{len(data)}.metrics")
            path.write_bytes(data)
            assert shown(reader)["done_total", "only 1"] == 1


@pytest.mark.parametrize("alive", [True, False])
def test_a_file_that_is_cut_after_it_was_read_is_told_and_left_out(
    reader: Registry, tmp_path: Path, logs: Any, alive: bool
) -> None:
    """To read behind its end would be a SIGBUS."""
    other = recording(tmp_path, 2)
    assert shown(reader)["done_total", "only 2"] == 2
    assert other.store.file is not None
    os.truncate(other.store.file.path, 8192)
    if not alive:
        dies(other)
    assert shown(reader)["done_total", "only 1"] == 1
    assert logs.of("metrics_file_skipped")[0]["reason"] == "torn"
    reader.tidy()
    assert shown(reader)["done_total", "only 1"] == 1


def test_two_services_in_one_folder_do_not_mix(tmp_path: Path) -> None:
    """Each knows its own files by their header."""
    pages = {}
    for service in ("shop", "bank"):
        registry = Registry()
        counter = Counter("done_total", "Done", registry=registry)
        registry.share(tmp_path, service)
        counter.inc(len(service) + len(pages))
        pages[service] = registry
    assert shown(pages["shop"])["done_total",] == 4
    assert shown(pages["bank"])["done_total",] == 5


def test_the_dead_of_two_services_in_one_folder_do_not_mix(tmp_path: Path) -> None:
    """Each service folds its own, for ever."""

    def worker(service: str) -> Registry:
        registry = Registry()
        counter = Counter("done_total", "Done", registry=registry)
        registry.share(tmp_path, service)
        counter.inc()
        return registry

    for _ in range(3):
        for service in ("shop", "bank"):
            dies(worker(service))
    for service in ("shop", "bank"):
        registry = worker(service)
        registry.tidy()
        assert shown(registry)["done_total",] == 4


def test_a_metric_that_another_version_declares_otherwise_is_left_out(tmp_path: Path, logs: Any) -> None:
    """Buckets with other edges cannot be added up."""
    registries = [Registry(), Registry()]
    for registry, edges in zip(registries, ((1, 2), (1, 3)), strict=True):
        histogram = Histogram("took_seconds", "Took", buckets=edges, registry=registry)
        registry.share(tmp_path)
        histogram.observe(0.5)
    assert shown(registries[0])["took_seconds_count",] == 1
    assert logs.of("metrics_file_skipped")[0]["reason"] == "declared otherwise"


def in_child(work: Any) -> None:
    """Run in a forked process, whose limits are its own; what fails there fails here."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_full_disk_leaves_new_label_sets_in_this_process_until_there_is_room(tmp_path: Path, logs: Any) -> None:
    """Nothing raises, nothing is lost here; a line and a gauge tell, and it mends itself."""
    other = recording(tmp_path, 1)

    def work() -> None:
        registry = Registry()
        counter = Counter("many_total", "Many", labels=("number",), limit=5000, registry=registry)
        unshared = Gauge("unshared", "Unshared", registry=registry)
        registry.troubles.count_with(counter, counter, unshared)
        registry.share(tmp_path)
        resource.setrlimit(resource.RLIMIT_FSIZE, (65536, resource.RLIM_INFINITY))
        for number in range(4000):
            counter.labels(str(number)).inc()
        registry.tidy()
        assert sum(value for key, value in shown(registry).items() if key[0] == "many_total") == 4000
        elsewhere = sum(value for key, value in shown(other).items() if key[0] == "many_total")
        assert 1000 < elsewhere < 4000
        assert registry.value("unshared") == 4000 - elsewhere
        assert len(logs.of("metrics_not_shared")) == 1
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        registry.tidy()
        assert sum(value for key, value in shown(other).items() if key[0] == "many_total") == 4000
        assert registry.value("unshared") == 0

    in_child(work)


def test_a_folder_that_cannot_be_written_to_leaves_everything_in_this_process(tmp_path: Path, logs: Any) -> None:
    """The service serves, and shows what it has itself."""
    (tmp_path / "file").write_text("in the way")
    registry = Registry()
    counter = Counter("done_total", "Done", registry=registry)
    registry.share(tmp_path / "file" / "below")
    counter.inc()
    assert shown(registry)["done_total",] == 1
    assert logs.of("metrics_not_shared")


def test_a_child_of_a_worker_counts_in_a_file_of_its_own(reader: Registry, tmp_path: Path) -> None:
    """What adds up begins at 0 there; the parent's file is not written to."""
    counter = reader._families["done_total"]

    def work() -> None:
        counter.find(("a",), {}).inc(10)
        assert shown(reader)["done_total", "a"] == 11

    in_child(work)
    assert shown(reader)["done_total", "a"] == 11
    assert reader.value("done_total", kind="a") == 1


def test_a_file_that_has_grown_and_could_not_be_mapped_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logs: Any
) -> None:
    """For want of a descriptor, say: what is new is in memory until the next tidying."""
    registry = Registry()
    many = Counter("many_total", "Many", labels=("number",), registry=registry)
    registry.share(tmp_path)

    def refuse(_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as short:
        short.setattr(WorkerFile, "_map", refuse)
        for number in range(1900):
            many.labels(str(number)).inc()
    assert registry._in_memory()
    registry.tidy()
    assert not registry._in_memory()
    assert sum(value for key, value in shown(registry).items() if key[0] == "many_total") == 1900
