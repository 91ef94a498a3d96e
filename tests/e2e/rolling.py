"""Backends behind a real HAProxy, clients that ask all the while, and restarts of one backend after the other.

HAProxy is told to forgive nothing: it never tries again and never sends a request elsewhere, and it keeps and shares
its connections to the backends as eagerly as it can. So a client sees each request that a restart loses.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import psutil

from tests.debian import debian_program
from tests.e2e.load import Load
from tests.e2e.processes import eventually, running
from tests.llm.vendor import completion, running_vendor
from tests.ports import free_port

HAPROXY = ("haproxy", "haproxy", "liblua5.3-0", "libopentracing-c-wrapper0", "libopentracing1")
CHECKS_SECONDS = 0.2  # two that fail are enough: a backend that drains is left after 0.4 s
MODEL_SECONDS = 2.5  # a run outlives the drain, and ends when the socket is closed
LABELS = completion(json.dumps(dict.fromkeys(("place", "material", "product"), "none")))
_HAPROXY = """
global
  nbthread 2
  log stdout format raw local0
  stats socket ipv4@127.0.0.1:{stats} level operator
defaults
  mode http
  log global
  option httplog
  option dontlog-normal
  retries 0
  no option redispatch
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout check 5s
frontend clients
  bind 127.0.0.1:{port}
  default_backend artisan
backend artisan
  balance roundrobin
  http-reuse always
  option httpchk GET /monitoring/health/ready
  http-check expect status 200
  default-server check inter {inter:.0f}ms fall 2 rise 2
{servers}
"""


@dataclass
class Backend:
    """`python -m backend.main` at one port, through all of its lives."""

    folder: Path
    workers: int
    drain: float
    vendor: str
    port: int = field(default_factory=free_port)
    statuses: list[int] = field(default_factory=list)
    """How each life ended."""
    _life: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Begin a life."""
        self.folder.mkdir(exist_ok=True)
        self._log = self.folder / f"life-{len(self.statuses)}.log"
        self.close()
        self.process: psutil.Process = self._life.enter_context(
            running(
                [sys.executable, "-m", "backend.main"],
                self._log,
                PORT=str(self.port),
                WORKERS=str(self.workers),
                DRAIN_SECONDS=f"{self.drain:g}",
                ENVIRONMENT="production",
                DATABASE_URL=f"sqlite+aiosqlite:///{self.folder}/artisan.db",
                LLM_PROVIDERS=f"openai:scripted@{self.vendor}",
                OPENAI_API_KEY="none",
            )
        )

    def stop(self) -> None:
        """End the life by SIGTERM."""
        self.process.terminate()
        self.statuses.append(self.process.wait(timeout=30))

    def close(self) -> None:
        """Whatever is left of it."""
        self._life.close()

    def serves(self) -> bool:
        """Whether every worker does."""
        return self.count("service_started") >= self.workers

    def count(self, event: str) -> int:
        """How often this life has told of it."""
        return self._log.read_text().count(f'"event":"{event}"')

    def lines(self) -> Iterator[dict[str, Any]]:
        """The log lines of all lives."""
        for life in sorted(self.folder.glob("life-*.log")):
            yield from (json.loads(text) for text in life.read_text().splitlines() if text.startswith("{"))

    def told(self) -> Counter[tuple[str, int]]:
        """How many requests its lines tell of, by their event and status."""
        events = {"request_completed", "request_failed", "request_abandoned"}
        return Counter((line["event"], line["status"]) for line in self.lines() if line["event"] in events)

    def ended_late(self) -> int:
        """The requests that ended when their worker, or one beside it, no longer took any."""
        late, closed = 0, False
        for line in self.lines():
            closed = (closed or line["event"] == "Shutting down") and not line["event"].startswith("Started server")
            late += closed and line["event"] == "request_completed"
        return late


class Proxy:
    """HAProxy in front of the backends."""

    def __init__(self, port: int, stats: int) -> None:
        self.address, self._stats = f"http://127.0.0.1:{port}", stats

    def up(self, backend: Backend) -> bool:
        """Whether it sends requests to it."""
        with socket.create_connection(("127.0.0.1", self._stats), timeout=10) as asked:
            asked.sendall(b"show stat\n")
            rows = [row.split(",") for row in asked.makefile()]
        status = rows[0].index("status")
        return next(row[status] for row in rows if len(row) > status and row[1] == f"at{backend.port}") == "UP"


@contextmanager
def proxied(backends: Sequence[Backend], folder: Path) -> Iterator[Proxy]:
    """One that sees all of them up."""
    eventually(lambda: all(each.serves() for each in backends), 120)
    program, env = debian_program(*HAPROXY)
    port, stats = free_port(), free_port()
    servers = "\n".join(f"  server at{each.port} 127.0.0.1:{each.port}" for each in backends)
    config = folder / "haproxy.cfg"
    config.write_text(_HAPROXY.format(port=port, stats=stats, inter=CHECKS_SECONDS * 1000, servers=servers))
    with running([program, "-db", "-f", str(config)], folder / "haproxy.log", **env):
        proxy = Proxy(port, stats)
        eventually(lambda: _listens(port) and _listens(stats), 20, folder / "haproxy.log")
        eventually(lambda: all(map(proxy.up, backends)), 30, folder / "haproxy.log")
        yield proxy


def _listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def slow_vendor() -> Iterator[str]:
    """The address of an LLM that takes its time, so that runs of an agent do."""
    addresses: SimpleQueue[tuple[str, Callable[[], object]]] = SimpleQueue()

    async def serve() -> None:
        ended = asyncio.Event()
        async with running_vendor() as vendor:

            async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                if "messages" in vendor.asked[-1]:  # a health check of the backend does not wait
                    await asyncio.sleep(MODEL_SECONDS)
                await LABELS(reader, writer)

            vendor.will(answer)
            loop = asyncio.get_running_loop()
            addresses.put((vendor.base_url, lambda: loop.call_soon_threadsafe(ended.set)))
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    address, end = addresses.get(timeout=10)
    try:
        yield address
    finally:
        end()
        thread.join()


def restart(backend: Backend, proxy: Proxy) -> None:
    """Stop it, start it, and wait until the proxy sends requests to it again."""
    backend.stop()
    backend.start()
    eventually(lambda: backend.serves() and proxy.up(backend), 120)


@dataclass(frozen=True)
class Campaign:
    """What came of some rounds of restarts under load."""

    seconds: float
    restarts: int
    asked: Counter[str]
    lost: list[str]
    told: Counter[tuple[str, int]]
    """Of the lines of all lives, by event and status."""
    ended_late: int
    statuses: set[tuple[int, int]]
    """How lives ended, each with the number of its workers."""
    said: list[str]
    """By the proxy, of servers that it leaves and comes back to and of requests that went wrong; by the backends, of
    dependencies that fail. A machine that gives them no time makes them unready, restart or not, and then no server may
    be left (NOSRV)."""

    @property
    def summary(self) -> str:
        """In one line."""
        asked = ", ".join(f"{count} {kind}" for kind, count in sorted(self.asked.items()))
        told = ", ".join(f"{count} {event} {status}" for (event, status), count in sorted(self.told.items()))
        return (
            f"{self.restarts} restarts in {self.seconds:.0f} s: {self.asked.total()} requests ({asked}), "
            f"{len(self.lost)} lost; told: {told}; {self.ended_late} ended after their socket was closed"
        )


def campaign(folder: Path, *, rounds: int, drain: float, workers: Sequence[int] = (1, 2)) -> Campaign:
    """Restart each backend once a round, one after the other, and count; there is one for each of `workers`."""
    with ExitStack() as stack:
        vendor = stack.enter_context(slow_vendor())
        backends = [Backend(folder / f"at-{number}", count, drain, vendor) for number, count in enumerate(workers)]
        for backend in backends:
            backend.start()
            stack.callback(backend.close)
        proxy = stack.enter_context(proxied(backends, folder))
        began = time.monotonic()
        with Load(proxy.address) as load:
            eventually(load.is_under_way, 30)
            for _ in range(rounds):
                for backend in backends:
                    restart(backend, proxy)
        seconds = time.monotonic() - began
        for backend in backends:
            backend.stop()
    return Campaign(
        seconds,
        rounds * len(backends),
        load.asked,
        load.lost,
        sum((backend.told() for backend in backends), Counter()),
        sum(backend.ended_late() for backend in backends),
        {(backend.workers, status) for backend in backends for status in backend.statuses},
        [
            *(folder / "haproxy.log").read_text().splitlines(),
            *(json.dumps(line) for backend in backends for line in backend.lines() if line["level"] == "warning"),
        ],
    )
