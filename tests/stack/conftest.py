"""Small real processes as parts, and a record of what the supervisor tells about them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from artisan.stack.part import Event, Part, State
from artisan.stack.probe import resp
from artisan.stack.tools import Tools, find
from tests import ports

_PRELUDE = """
import os, signal, socket, subprocess, sys, threading, time

asked = threading.Event()  # somebody has been told that it is ready

def ready():
    server = socket.create_server(("127.0.0.1", {port}))
    def answer():
        while True:
            connection, _ = server.accept()
            connection.recv(64)
            connection.sendall(b"+PONG\\r\\n")
            connection.close()
            asked.set()
    threading.Thread(target=answer, daemon=True).start()

def note(text):
    with open({journal!r}, "a") as journal:
        journal.write(text + "\\n")

def fork():
    "A child that ignores TERM, in the same process group."
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('forked', flush=True); signal.pause()"
    child = subprocess.Popen([sys.executable, "-ISc", code], stdout=subprocess.PIPE)
    child.stdout.readline()
    return child

def run():
    ready()
    while True:
        time.sleep(60)
"""


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Gives a loopback port that nobody uses."""
    return ports.free_port


class Journal:
    """What the small processes have noted, in order."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self) -> list[str]:
        return self.path.read_text().split("\n")[:-1] if self.path.exists() else []


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """An empty journal."""
    return Journal(tmp_path / "journal")


Script = Callable[..., Part]


@pytest.fixture
def script(journal: Journal, free_port: Callable[[], int]) -> Script:
    """`script("name", "run()")`: a part that is a few lines of Python and is ready once it has called `ready()`."""

    def make(name: str, code: str = "run()", **fields: Any) -> Part:
        port = free_port()
        prelude = _PRELUDE.format(port=port, journal=str(journal.path))
        argv = (sys.executable, "-ISc", prelude + code)
        return Part(name=name, argv=argv, ready=resp(port), address=f"127.0.0.1:{port}", **fields)

    return make


class Told:
    """A `Report` that remembers, and on which a test can wait."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._changed = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()

    def of(self, name: str, state: State) -> list[Event]:
        return [event for event in self.events if (event.name, event.state) == (name, state)]

    def names(self, state: State) -> list[str]:
        return [event.name for event in self.events if event.state is state]

    async def until(self, name: str, state: State, times: int = 1) -> Event:
        """The event, once it has come that many times."""
        async with asyncio.timeout(15):
            while len(self.of(name, state)) < times:
                self._changed.clear()
                await self._changed.wait()
        return self.of(name, state)[times - 1]


@pytest.fixture
def told() -> Told:
    """Nothing told yet."""
    return Told()


ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tools() -> Tools:
    """The real Prometheus and Alertmanager; without them a test fails in CI and is skipped elsewhere."""
    found = find(ROOT / ".artisan")
    if not found.complete:
        reason = "Prometheus or Alertmanager is neither on PATH nor below .artisan/tools; `make test` fetches them"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found
