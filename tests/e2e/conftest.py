"""The whole stack as a user starts it: `artisan up` in a process of its own, on free ports, with every part real."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from artisan.stack.tools import find
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("backend", "llm", "valkey", "prometheus", "alertmanager", "mailbox")
PORTS = (*PARTS, "smtp")
READY_WITHIN, STOPPED_WITHIN = 120.0, 10.0


def free_ports() -> dict[str, int]:
    found: set[int] = set()
    while len(found) < len(PORTS):
        found.add(free_port())
    return dict(zip(PORTS, found, strict=True))


@dataclass
class Stack:
    """One `artisan up`."""

    state: Path
    ports: dict[str, int] = field(default_factory=free_ports)

    def start(self, **environment: str) -> None:
        options = [f"--{part}-port={port}" for part, port in self.ports.items()]
        unset = {"REDIS_URL", "LLM_PROVIDERS", "DATABASE_URL", "ENVIRONMENT", "MONITORING_TOKEN"}
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("ALERT_")}
        env = {key: value for key, value in inherited.items() if key not in unset} | environment
        command = [sys.executable, "-m", "artisan", "up", f"--state={self.state}", *options]
        with self._output.open("w") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)
        started = time.monotonic()
        while "Ready in" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() - started < READY_WITHIN, self.said()
            time.sleep(0.05)
        self.seconds_to_ready = time.monotonic() - started

    def stop(self) -> float:
        """Ends it as a user would; returns the seconds that took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(READY_WITHIN)
        return time.monotonic() - started

    def said(self) -> str:
        """What it has printed since its start."""
        return self._output.read_text()

    @property
    def _output(self) -> Path:
        return self.state / "output"

    def url(self, part: str) -> str:
        return f"http://127.0.0.1:{self.ports[part]}"

    def log_lines(self) -> list[str]:
        return (self.state / "logs" / "backend.log").read_text().splitlines()

    def processes(self) -> list[psutil.Process]:
        """Those of this machine whose command line names the stack's folder or one of its ports."""
        mine = re.compile("|".join([re.escape(str(self.state)), *(rf"\b{port}\b" for port in self.ports.values())]))
        all_of_them = psutil.process_iter(["cmdline"])
        return [each for each in all_of_them if mine.search(" ".join(each.info["cmdline"] or ()))]


@pytest.fixture(scope="package")  # nobody else has use for it
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    programs = find(ROOT / ".artisan")
    missing = {"prometheus", "alertmanager", "promtool", "amtool"} - programs.programs.keys()
    if missing:
        reason = f"{', '.join(sorted(missing))}: neither on PATH nor below .artisan/tools; `make up` fetches them"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    stack = Stack(tmp_path_factory.mktemp("stack"))
    if programs.tree.is_dir():
        (stack.state / "tools").symlink_to(programs.tree)
    stack.start()
    yield stack
    if stack.process.poll() is None:
        stack.stop()
