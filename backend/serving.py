"""How the application is served: by this process, or by several that a parent keeps alive.

However it is served, it drains before it stops (`draining.py`).
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from backend.agents.runner import TIME_LIMIT_SECONDS
from backend.core.config import Settings
from backend.core.monitoring import Monitoring
from backend.core.monitoring.logs import share_output
from backend.draining import RETIRE, Draining

# After the drain, a request that was just accepted may take as long as any: the longest is a run of an agent.
STOP_SECONDS = int(TIME_LIMIT_SECONDS) + 5
# A proxy that keeps connections must be the one who ends them, or it sends a request into one that is just closed.
# nginx and the load balancers of clouds keep theirs for 60 s.
KEEP_ALIVE_SECONDS = 75
_log = logging.getLogger("uvicorn.error")


def server_config(app: Any, settings: Settings, *, factory: bool = False) -> uvicorn.Config:
    """What uvicorn is told; with `factory`, `app` is called in the process that serves."""
    return uvicorn.Config(
        app,
        factory=factory,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_config=None,  # every record goes through our own handler
        access_log=False,  # a request has one line, and it is ours
        lifespan="on",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        timeout_worker_healthcheck=60,  # a worker answers once it has imported all: with cold files that takes a while
    )


class Supervisor(Multiprocess):
    """uvicorn's, with three differences.

    It notices the end of a worker that it has just asked whether it lives. (uvicorn keeps the worker's end of the pipe
    open as well, so that the question would wait out its time limit, and signals would wait with it.)

    At a stop it lets go of the socket, so that the last worker who closes it closes it for good: connections are then
    refused, instead of waiting for somebody who will never accept them.

    A restart (SIGHUP) drains each worker beside its successor, keeps watching the others, and gives way to a stop.
    """

    def keep_subprocess_alive(self) -> None:
        """Replace the workers that are gone or do not answer."""
        for process in self.processes:
            process.child_conn.close()
        super().keep_subprocess_alive()

    def terminate_all(self) -> None:
        """Tell every worker to stop."""
        super().terminate_all()
        for each in self.sockets:
            each.close()

    def restart_all(self) -> None:
        """Put a new worker in the place of each, one after another."""
        for index, old in enumerate(self.processes):
            new = Process(self.config, self.sockets)
            new.start()
            if not new.wait_until_ready(self.config.timeout_worker_healthcheck):
                new.kill()
                new.join()
                _log.error("A new worker is not ready in time: the others stay as they are.")
                return
            self.processes[index] = new
            self._retire(old)
            if self._stopping():
                self.processes.append(old)  # it is told to stop and waited for, like the others
                return

    def _retire(self, worker: Process) -> None:
        """Let it end while the others serve; returns when it has ended, or when all are to stop."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid or 0, RETIRE)
        while worker.process.is_alive() and not self._stopping():
            self.keep_subprocess_alive()
            time.sleep(0.1)

    def _stopping(self) -> bool:
        return self.should_exit.is_set() or not {signal.SIGINT, signal.SIGTERM}.isdisjoint(self.signal_queue)


def serve_alone(app: Monitoring, settings: Settings) -> int:
    """Serve with this process until a signal; returns the exit status, unless it was SIGTERM, which is raised again."""
    server = uvicorn.Server(server_config(Draining(app, settings.drain_seconds), settings))
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C, raised again by uvicorn after a clean stop
        server.run()
    return 0 if server.started else 1


def serve_with_workers(create: Callable[[Settings], Monitoring], settings: Settings) -> int:
    """Serve with `settings.workers` processes until a signal; uvicorn starts another one where one has died."""
    share_output()
    with _metrics_directory(settings) as directory:
        told = settings.model_copy(update={"metrics_dir": directory})
        config = server_config(partial(_worker, create, told), told, factory=True)
        listener = config.bind_socket()
        try:
            with contextlib.suppress(KeyboardInterrupt):
                Supervisor(config, sockets=[listener]).run()
        finally:
            listener.close()
    return 0


def _worker(create: Callable[[Settings], Monitoring], settings: Settings) -> Draining:
    """What each of several workers serves."""
    return Draining(create(settings), settings.drain_seconds, siblings=True)


@contextlib.contextmanager
def _metrics_directory(settings: Settings) -> Iterator[Path]:
    """The folder that the workers share; one of our own goes with the service."""
    if settings.metrics_dir is not None:
        yield settings.metrics_dir
        return
    with tempfile.TemporaryDirectory(prefix="artisan-metrics-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)
