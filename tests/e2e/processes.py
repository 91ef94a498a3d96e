"""Programs that a test runs beside itself, and waiting for what they do."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from artisan.stack.tools import find

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def running(command: list[str], log: Path, **env: str) -> Iterator[psutil.Process]:
    """A process that is ended at the end; what it says is in `log`."""
    with log.open("wb") as said:
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said, env={**os.environ, **env})
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=20)


def eventually(holds: Callable[[], bool], seconds: float = 60, log: Path | None = None) -> None:
    """Wait until it holds; fails with the end of a log when it does not in time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, log.read_text()[-2000:] if log else "not in time"
        time.sleep(0.05)


def program(name: str) -> str:
    """One of the real programs; without it the test fails in CI and is skipped elsewhere."""
    programs = find(ROOT / ".artisan").programs
    if name not in programs:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{name} is not there; `make up` fetches it")
    return str(programs[name])
