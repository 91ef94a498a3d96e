"""The folded file holds the numbers of all the dead: what happens when it is damaged, or cannot be opened."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.core.monitoring.metrics import Histogram, Registry

from .test_crashes import dies, recording, shown


@pytest.fixture
def reader(tmp_path: Path) -> Registry:
    """A worker that lives, beside one that has died and was folded."""
    reader = recording(tmp_path, 1)
    dies(recording(tmp_path, 2))
    reader.tidy()
    assert shown(reader)["done_total", "a"] == 3
    return reader


def folded(folder: Path) -> Path:
    """The folded file."""
    (path,) = folder.glob("folded*")
    return path


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:64],
        lambda data: data[:-8],
        lambda data: b"x" * len(data),
        lambda data: data[:70] + b"\xff" + data[71:],
    ],
    ids=["empty", "a header", "cut", "other", "what it contains"],
)
def test_a_damaged_one_is_left_out_until_it_is_replaced(
    reader: Registry, tmp_path: Path, logs: Any, damage: Callable[[bytes], bytes]
) -> None:
    """Every worker goes on, and new ones start."""
    path = folded(tmp_path)
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(damage(data))
    assert shown(reader)["done_total", "a"] == 1
    reader.tidy()
    other = recording(tmp_path, 3)
    for worker in (reader, other):
        assert shown(worker)["done_total", "a"] == 4
    dies(other)
    recording(tmp_path, 4).tidy()
    assert shown(reader)["done_total", "a"] == 8
    assert {line["reason"] for line in logs.of("metrics_file_skipped")} <= {"torn", "foreign"}


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, int], None]:
    """Refuse to open a file so many times."""

    def refuse(wanted: Path, times: int) -> None:
        real, left = os.open, [wanted] * times

        def opened(path: Any, *args: Any, **options: Any) -> int:
            if left and Path(path) == wanted:
                left.pop()
                raise OSError(errno.EMFILE, "Too many open files")
            return real(path, *args, **options)

        monkeypatch.setattr(os, "open", opened)

    return refuse


@pytest.mark.parametrize("times", [1, 19, 20, 21, 1000])
def test_one_that_cannot_be_opened_is_not_replaced(
    reader: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, logs: Any, times: int, refuse: Any
) -> None:
    """For want of a descriptor, say: the numbers in it would be lost for ever."""
    dies(recording(tmp_path, 3))
    refuse(folded(tmp_path), times)
    Registry().share(tmp_path)
    monkeypatch.undo()
    reader.tidy()
    assert shown(reader)["done_total", "a"] == 6


def test_a_file_that_could_not_be_opened_once_is_tried_again(
    reader: Registry, tmp_path: Path, logs: Any, refuse: Any
) -> None:
    """Its worker is on the next page, and a line says why it was not on this one."""
    other = recording(tmp_path, 3)
    assert other.store.file is not None
    refuse(other.store.file.path, 1)
    assert shown(reader)["done_total", "a"] == 3
    assert logs.of("metrics_file_skipped")[0]["reason"] == "unreadable"
    assert shown(reader)["done_total", "a"] == 6


def test_a_metric_of_an_older_version_does_not_keep_out_that_of_the_present_one(tmp_path: Path, logs: Any) -> None:
    """Else a histogram whose buckets were changed would fall whenever a worker dies."""

    def worker(*edges: float) -> Registry:
        registry = Registry()
        histogram = Histogram("took_seconds", "Took", buckets=edges, registry=registry)
        registry.share(tmp_path)
        histogram.observe(0.5)
        return registry

    dies(worker(1, 2))
    present, other = worker(1, 3), worker(1, 3)
    dies(other)
    for _ in range(2):
        assert shown(present)["took_seconds_count",] == 2
        present.tidy()
