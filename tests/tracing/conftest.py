"""The backend as its users start it, sending to a collector on this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil
import pytest

from tests.e2e.processes import eventually, running
from tests.ports import free_port

from .collector import Collector, collecting


class Backend(NamedTuple):
    """One that serves."""

    client: httpx.Client
    process: psutil.Process
    log: Path


StartBackend = Callable[..., AbstractContextManager[Backend]]


@pytest.fixture
def collector() -> Iterator[tuple[Collector, str]]:
    with collecting() as collector:
        yield collector


@pytest.fixture
def backend(tmp_path: Path) -> StartBackend:
    """`with backend(url, WORKERS="4") as it:`; ends it at the end, so that all has been sent by then."""

    @contextmanager
    def start(url: str, **env: str) -> Iterator[Backend]:
        port, log = free_port(), tmp_path / "log"
        env = {
            "PORT": str(port),
            "ENVIRONMENT": "production",
            "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/artisan.db",
            "OTEL_EXPORTER_OTLP_ENDPOINT": url,
            **env,
        }
        with running([sys.executable, "-m", "backend.main"], log, **env) as process:
            workers = int(env.get("WORKERS", "1"))
            eventually(lambda: log.read_text().count('"service_started"') == workers, 60, log)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
                eventually(lambda: _answers(client), 30, log)
                yield Backend(client, process, log)

    return start


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/monitoring/health/live").status_code == 200
    except httpx.TransportError:
        return False
