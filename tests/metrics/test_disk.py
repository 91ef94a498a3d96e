"""A disk that is really full: a SIGBUS, were the files sparse."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.core.monitoring import configure_logging
from backend.core.monitoring.metrics import REGISTRY, Counter, Gauge, Histogram, Registry, Trace
from backend.core.monitoring.metrics.catalogue import FILES_SKIPPED, LABEL_OVERFLOW

from .test_crashes import dies, shown
from .test_files import in_child

ROOT = Path(__file__).resolve().parents[2]
SIZE, NEW = 1 << 20, 1000


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB. Where none can be mounted, `test_files` still has a limit on the size of a file."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(tmp_path)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"uid {os.getuid()} may not mount: {mounted.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def fill(disk: Path, *, leave: int = 0) -> Path:
    """Leave so much room."""
    path = disk / "fill"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(os.urandom(4096))
        except OSError:
            file.truncate(file.tell() - leave)
    return path


@pytest.mark.parametrize("full_from", ["the start", "the middle"])
def test_a_service_outlives_a_full_disk(disk: Path, full_from: str) -> None:
    """It goes on in its memory, says so, and shares everything once there is room. A SIGBUS would end the process."""
    command = [sys.executable, "-m", "tests.metrics.test_disk", str(disk), full_from]
    service = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert service.returncode == 0, service.stdout + service.stderr
    assert service.stdout.count("metrics_not_shared") == 1
    assert "No space left on device" in service.stdout


def live_through_a_full_disk(disk: Path, full_from: str) -> None:
    """What the service does, in its process."""
    configure_logging(production=True, stream=sys.stdout.buffer)
    many = Counter("many_total", "Many", labels=("number",), limit=NEW + 1)
    took = Histogram("took_seconds", "Took", labels=("number",), buckets=(1,), limit=NEW + 1)
    filling = fill(disk) if full_from == "the start" else None
    REGISTRY.share(disk)
    many.labels("first").inc()
    took.labels("first").observe(0.5)
    filling = filling or fill(disk)
    for number in range(NEW):
        many.labels(str(number)).inc()
        took.labels(str(number)).observe(0.5)
        many.labels("first").inc()
    REGISTRY.tidy()
    assert totals(REGISTRY) == {
        "many_total": 2 * NEW + 1,
        "took_seconds_count": NEW + 1,
        "took_seconds_sum": (NEW + 1) / 2,
    }
    assert (REGISTRY.value("metrics_unshared_series") or 0) > 0
    filling.unlink()
    REGISTRY.tidy()
    assert REGISTRY.value("metrics_unshared_series") == 0
    other = Registry()
    other.share(disk)
    assert totals(other) == totals(REGISTRY)
    many.labels("first").inc()
    assert totals(other)["many_total"] == 2 * NEW + 2  # what has moved goes on


def totals(registry: Registry) -> dict[str, float]:
    """Of all label sets together, as whoever shares the folder shows them."""
    page = shown(registry)
    names = ("many_total", "took_seconds_count", "took_seconds_sum")
    return {name: sum(value for key, value in page.items() if key[0] == name) for name in names}


def test_exemplars_outlive_a_full_disk(disk: Path, logs: object) -> None:
    """The page is whole while the disk is full, and shows exemplars again once it is not."""

    def work() -> None:
        registry = Registry()
        many = 4 * NEW  # more than the file has room for
        took = Histogram("took_seconds", "Took", labels=("kind",), buckets=(1,), limit=many, registry=registry)
        unshared = Gauge("unshared", "Unshared", registry=registry)
        registry.troubles.count_with(LABEL_OVERFLOW, FILES_SKIPPED, unshared)
        registry.share(disk)
        took.labels("first").observe(0.5)
        filling = fill(disk)
        for number in range(1, many):
            took.labels(str(number)).observe(0.5)
        registry.tidy()
        assert (registry.value("unshared") or 0) > 0
        took.labels("first").observe(0.6, Trace(1, 2))
        took.labels(str(number)).observe(0.6, Trace(3, 4))
        page = registry.render("application/openmetrics-text").body
        assert page.count(b"took_seconds_count{") == many
        filling.unlink()
        registry.tidy()
        took.labels("first").observe(0.7, Trace(5, 6))
        took.labels(str(number)).observe(0.7, Trace(7, 8))
        page = registry.render("application/openmetrics-text").body
        assert b'trace_id="00000000000000000000000000000005"' in page
        assert b'trace_id="00000000000000000000000000000007"' in page

    in_child(work)


def test_a_folding_without_room_keeps_nobody_from_sharing(disk: Path, logs: object) -> None:
    """A new worker needs little; the dead can wait to be folded."""

    def work() -> None:
        dead = Registry()
        many = Counter("many_total", "Many", labels=("number",), limit=NEW, registry=dead)
        dead.share(disk)
        for number in range(NEW):
            many.labels(f"{number:100}").inc()
        dies(dead)
        fill(disk, leave=100_000)  # for the file of a worker, not for a folded one
        registry = Registry()
        Counter("many_total", "Many", labels=("number",), limit=NEW, registry=registry).labels("mine").inc()
        registry.share(disk)
        registry.tidy()
        assert registry.store.file is not None
        assert totals(registry)["many_total"] == NEW + 1

    in_child(work)


if __name__ == "__main__":
    live_through_a_full_disk(Path(sys.argv[1]), sys.argv[2])
