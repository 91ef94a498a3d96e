"""A disk that is really full: a SIGBUS, were the files sparse."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.core.monitoring.metrics import Counter, Gauge, Registry

from .test_crashes import shown
from .test_files import in_child

SIZE = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(tmp_path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def fill(disk: Path) -> Path:
    """Leave no room at all."""
    path = disk / "fill"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(os.urandom(4096))
        except OSError:
            return path


@pytest.mark.parametrize("full_from", ["the start", "the middle"])
def test_a_service_outlives_a_full_disk(disk: Path, logs: Any, full_from: str) -> None:
    """It goes on in its memory, says so, and shares everything once there is room."""

    def work() -> None:
        registry = Registry()
        many = Counter("many_total", "Many", labels=("number",), limit=3000, registry=registry)
        unshared = Gauge("unshared", "Unshared", registry=registry)
        registry.troubles.count_with(many, many, unshared)
        filling = fill(disk) if full_from == "the start" else None
        registry.share(disk)
        many.labels("first").inc()
        filling = filling or fill(disk)
        for number in range(2500):
            many.labels(str(number)).inc()
            many.labels("first").inc()
        registry.tidy()
        assert total(registry) == 5001
        assert (registry.value("unshared") or 0) > 0
        assert logs.of("metrics_not_shared")
        filling.unlink()
        registry.tidy()
        assert registry.value("unshared") == 0
        other = Registry()
        other.share(disk)
        assert total(other) == 5001

    in_child(work)


def total(registry: Registry) -> float:
    return sum(value for key, value in shown(registry).items() if key[0] == "many_total")
