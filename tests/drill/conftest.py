"""The real tools, and what a rehearsal says when it is started as a user would start it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from artisan.stack.tools import Tools, find

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tools() -> Tools:
    """The real Prometheus and Alertmanager; without them a test fails in CI and is skipped elsewhere."""
    found = find(ROOT / ".artisan")
    if not found.complete:
        reason = "Prometheus or Alertmanager is neither on PATH nor below .artisan/tools; `make test` fetches them"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return found


@dataclass
class Said:
    """What `artisan drill` did."""

    status: int
    output: str
    left_running: list[str]
    left_behind: list[Path]


Drill = Callable[..., Said]


@pytest.fixture
def drill(tmp_path: Path) -> Drill:
    """`drill("Alert", "--option", until="text")`: runs it to its end, or interrupts it once it has said the text."""

    def run(*arguments: str, until: str | None = None) -> Said:
        folder = tmp_path / "temporary"
        folder.mkdir(exist_ok=True)
        output = tmp_path / "output"
        environment = {**os.environ, "TMPDIR": str(folder), "COLUMNS": "200"}
        with output.open("w") as file:
            command = [sys.executable, "-m", "artisan", "drill", *arguments]
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT)
        try:
            if until is not None:
                _wait_for(until, output, process)
                process.send_signal(signal.SIGINT)
            process.wait(240)
        finally:
            process.kill()
        return Said(process.returncode, output.read_text(), _naming(str(folder)), list(folder.iterdir()))

    return run


def _wait_for(text: str, output: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while text not in output.read_text():
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.05)


def _naming(folder: str) -> list[str]:
    """Processes whose command line or environment names a folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        try:
            named = " ".join([*(process.info["cmdline"] or ()), *process.environ().values()])
        except psutil.Error:
            continue
        if folder in named and process.pid != os.getpid():
            found.append(" ".join(process.info["cmdline"] or ()))
    return found
