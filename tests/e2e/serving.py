"""The backend in a process of its own, as its users start it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil

from tests.e2e.processes import eventually, running
from tests.ports import free_port

AS_THE_GUIDE_SAYS = [sys.executable, "-m", "backend.main"]
COMMON = ["timestamp", "level", "event", "request_id", "trace_id", "span_id", "logger"]


class Service(NamedTuple):
    """One that serves."""

    client: httpx.Client
    process: psutil.Process
    log: Path

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Our lines about it, all of which have the common keys first; agents write theirs to standard error."""
        lines = [json.loads(text) for text in self.log.read_text().splitlines() if text.startswith("{")]
        assert all(list(line)[:7] == COMMON for line in lines)
        return [line for line in lines if line["event"] == event]

    def stop(self) -> int:
        """By SIGTERM; gives how it ended."""
        self.process.terminate()
        status: int = self.process.wait(timeout=20)
        return status


@contextmanager
def served(command: list[str], folder: Path, **env: str) -> Iterator[Service]:
    """It, once it answers."""
    port, log = free_port(), folder / "log"
    env = {
        "PORT": str(port),
        "ENVIRONMENT": "production",
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/artisan.db",
        **env,
    }
    with running(command, log, **env) as process:
        workers = int(env.get("WORKERS", "1"))
        eventually(lambda: log.read_text().count('"service_started"') == workers, 120, log)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
            service = Service(client, process, log)
            eventually(lambda: answers(client, "/monitoring/health/live"), 30, log)
            yield service


def answers(client: httpx.Client, path: str) -> bool:
    """Whether it does, with 200."""
    try:
        return client.get(path).status_code == 200
    except httpx.TransportError:
        return False
