"""SENTRY_DSN: an exception arrives at a peer that speaks Sentry's protocol, with its ids and without people's data."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import eventually
from tests.e2e.serving import served
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]


class Peer:
    """The events of the envelopes that have arrived."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []

    def take(self, body: bytes) -> None:
        self.bodies.append(body)
        _, *rest = body.split(b"\n")
        for header, payload in zip(rest[::2], rest[1::2], strict=False):
            if header and json.loads(header)["type"] == "event":
                self.events.append(json.loads(payload))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        encoded = self.headers["content-encoding"] == "gzip"
        self.server.peer.take(gzip.decompress(body) if encoded else body)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def peer() -> Iterator[tuple[Peer, str]]:
    """It, and its DSN."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        server.peer = Peer()  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.peer, f"http://key@127.0.0.1:{server.server_port}/7"  # type: ignore[attr-defined]
        server.shutdown()


PROGRAM = """
from fastapi import APIRouter
from backend.core.config import Settings
from backend.main import create_app, serve

router = APIRouter()

@router.post("/fail/{who}")
async def fail(who: str, q: str) -> None:
    local = "a local variable of " + q
    raise ValueError(f"{who} wanted {local}")

settings = Settings.load()
serve(create_app(settings, routers=[router]), settings)
"""
INITIALISED_BY_HAND = (
    """
import os
import sentry_sdk
sentry_sdk.init(dsn=os.environ["BY_HAND"])
"""
    + PROGRAM
)
SENT = {"content": b'{"body": "indigo"}', "headers": {"X-Request-ID": "r-7", "cookie": "session=5f2b8c1d"}}


def test_an_unhandled_exception_arrives_with_its_ids(peer: tuple[Peer, str], tmp_path: Path) -> None:
    """Once, with request id, trace id, release, environment and route; and with nothing that people wrote."""
    seen, dsn = peer
    collector = f"http://127.0.0.1:{free_port()}"  # nobody listens: tracing is on, for the ids
    with served(
        [sys.executable, "-c", PROGRAM], tmp_path, SENTRY_DSN=dsn, OTEL_EXPORTER_OTLP_ENDPOINT=collector
    ) as service:
        response = service.client.post("/fail/asha@example.org?q=madder", **SENT)  # type: ignore[arg-type]
        assert response.status_code == 500
        eventually(lambda: bool(seen.events), 20)
    (event,) = seen.events
    log = (tmp_path / "log").read_text().splitlines()
    (line,) = [json.loads(text) for text in log if '"request_failed"' in text]
    assert event["tags"] == {"event": "request_failed", "request_id": "r-7", "trace_id": line["trace_id"]}
    assert event["contexts"]["trace"]["trace_id"] == line["trace_id"]
    assert event["contexts"]["trace"]["span_id"] == line["span_id"]
    assert event["release"].startswith("artisan-hub@")
    assert (event["environment"], event["transaction"]) == ("production", "POST /fail/{who}")
    (exception,) = event["exception"]["values"]
    assert (exception["type"], exception["value"].split()[0]) == ("ValueError", "[EMAIL]")
    assert exception["stacktrace"]["frames"][-1]["function"] == "fail"
    everything = b"".join(seen.bodies).decode()
    for private in ("asha@example.org", "indigo", "5f2b8c1d", "127.0.0.1", os.uname().nodename):
        assert private not in everything, private
    assert '"vars"' not in everything


def test_the_guides_own_two_lines_work(peer: tuple[Peer, str], tmp_path: Path) -> None:
    """With Sentry's own defaults, beside ours."""
    seen, dsn = peer
    with served([sys.executable, "-c", INITIALISED_BY_HAND], tmp_path, BY_HAND=dsn) as service:
        assert service.client.get("/api/search?q=silk").status_code == 200
        assert service.client.post("/fail/asha?q=madder", **SENT).status_code == 500  # type: ignore[arg-type]
        eventually(lambda: bool(seen.events), 20)
    assert {event["exception"]["values"][-1]["type"] for event in seen.events} == {"ValueError"}


@pytest.mark.parametrize("dsn", ["sentry.example", "https://host/7", "https://key@host"])
def test_a_dsn_that_cannot_work_stops_the_start(tmp_path: Path, dsn: str) -> None:
    """One sentence, which does not show it."""
    env = {**os.environ, "SENTRY_DSN": dsn, "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/a.db"}
    command = [sys.executable, "-m", "backend.main"]
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr == "SENTRY_DSN=(secret): must be a DSN, as in https://key@host/project, or empty\n"
