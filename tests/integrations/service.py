"""The backend under a vendor's agent, started as the guide says, or with a route that fails."""

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
_FAILING = """
import logging
from fastapi import APIRouter
from backend.core.config import Settings
from backend.main import create_app, serve

router = APIRouter()

@router.post("/fail/{who}")
async def fail(who: str) -> None:
    logging.getLogger("a.library").warning("about to fail")
    raise ValueError(who)

settings = Settings.load()
serve(create_app(settings, routers=[router]), settings)
"""
WITH_A_ROUTE_THAT_FAILS = [sys.executable, "-c", _FAILING]


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


def script(name: str) -> str:
    """A program that a vendor's package has put beside this Python."""
    return str(Path(sys.executable).with_name(name))


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
        eventually(lambda: log.read_text().count('"service_started"') == workers, 60, log)
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
