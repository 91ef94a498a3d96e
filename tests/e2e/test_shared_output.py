"""Two workers whose output is one pipe, as a container's is: whoever reads it finds each line whole."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.e2e.agreement import COMMAND
from tests.e2e.processes import eventually, running
from tests.e2e.serving import answers
from tests.ports import free_port

FAULTS = 100


class SlowReader:
    """Of a pipe that is therefore often full."""

    def __init__(self, pipe: Path) -> None:
        self.read = bytearray()
        self._pipe = pipe

    def __call__(self) -> None:
        with self._pipe.open("rb", buffering=0) as lines:
            while piece := lines.read(3000):
                self.read += piece
                time.sleep(0.0005)  # the slow reader that is asked for


@contextmanager
def reading(pipe: Path) -> Iterator[SlowReader]:
    """Until nobody writes to it any more."""
    os.mkfifo(pipe)
    reader = SlowReader(pipe)
    thread = threading.Thread(target=reader)
    thread.start()
    try:
        yield reader
    finally:
        thread.join()


def test_no_line_lands_amid_another(tmp_path: Path) -> None:
    """One with a traceback is longer than what a pipe takes at once."""
    port, pipe = free_port(), tmp_path / "pipe"
    database = f"sqlite+aiosqlite:///{tmp_path}/artisan.db"
    env = {"PORT": str(port), "WORKERS": "2", "ENVIRONMENT": "production", "DATABASE_URL": database}

    def fail(number: int) -> int:
        # uvicorn closes a connection after a fault without a word, so that the next request may run into the end of it.
        headers = {"X-Request-ID": f"fault-{number}", "Connection": "close"}
        return client.get("/odd/boom", headers=headers).status_code

    with (
        reading(pipe) as reader,
        running(COMMAND, pipe, **env),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=120) as client,
        ThreadPoolExecutor(8) as clients,
    ):
        eventually(lambda: reader.read.count(b'"service_started"') == 2, 120)
        eventually(lambda: answers(client, "/monitoring/health/live"), 30)  # a worker listens a little later
        assert set(clients.map(fail, range(FAULTS))) == {500}
    lines = [json.loads(line) for line in bytes(reader.read).splitlines()]
    failed = sorted(line["request_id"] for line in lines if line["event"] == "request_failed")
    assert failed == sorted(f"fault-{number}" for number in range(FAULTS))
