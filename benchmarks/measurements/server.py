"""CPU of the server for one request: uvicorn on loopback, clients in another process."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack

import uvicorn
import uvloop

from benchmarks.application import BARE, VARIANTS
from benchmarks.client import load
from benchmarks.group import Group
from benchmarks.process import Process
from benchmarks.row import AGAIN, Comparison, Row, Target
from benchmarks.variant import Measure

CLIENT, CONNECTIONS = "client", 8


def prepare(variant: str) -> Measure:
    """Serves `variant`; answers its port and the CPU seconds that the process has used so far, in all its threads."""
    if variant == CLIENT:
        return load_generator()
    config = uvicorn.Config(
        VARIANTS[variant](), port=0, loop="uvloop", http="httptools", access_log=False, log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the server did not start")
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    return lambda: {"port": port, "seconds": time.process_time()}


def load_generator() -> Measure:
    """Sends `requests` to `port` on each connection, and answers when all have been answered."""
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)

    def measure(port: float, requests: int) -> dict[str, float]:
        runner.run(load(int(port), requests, CONNECTIONS))
        return {}

    return measure


def measure(quick: bool) -> Sequence[Row]:
    """One row."""
    requests, rounds, processes = (50, 5, 1) if quick else (100, 10, 2)  # requests on each connection
    samples: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for _ in range(processes):
        with ExitStack() as stack:
            names = {name: name.removesuffix(AGAIN) for name in VARIANTS}
            servers = {name: stack.enter_context(Process(__name__, of)) for name, of in names.items()}
            client = stack.enter_context(Process(__name__, CLIENT))
            for process in (*servers.values(), client):
                process.wait_until_ready()
            for number in range(rounds + 1):
                for name, server in servers.items():
                    used = _cpu_per_request(server, client, requests)
                    if number:  # the first one warms up
                        samples[name].append(used)
    target = Target(floor=1.20, goal=1.12)
    return [Row("Server CPU per request, uvicorn", "µs", samples, BARE, Comparison.RATIO, target, without=(BARE,))]


def _cpu_per_request(server: Process, client: Process, requests: int) -> float:
    """Microseconds."""
    before = server.ask()
    client.ask(port=before["port"], requests=requests)
    after = server.ask(collect=False)  # the collection would count as the requests' cost
    return (after["seconds"] - before["seconds"]) / (requests * CONNECTIONS) * 1e6


GROUP = Group(
    "server",
    "A request, under uvicorn",
    """\
The same applications, each behind a real uvicorn (uvloop, httptools, no access log) on loopback. A client in a process
of its own keeps eight connections open and has one request under way on each. Only the server's CPU time is counted, so
the ratio is to all that a bare server does.""",
    measure,
)
