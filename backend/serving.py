"""How the application is served: by this process, or by several that a parent keeps alive."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from backend.core.config import Settings


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
        timeout_graceful_shutdown=5,
        timeout_worker_healthcheck=60,  # a worker answers once it has imported all: with cold files that takes a while
    )


class Supervisor(Multiprocess):
    """uvicorn's, but that it notices the end of a worker that it has just asked whether it lives.

    uvicorn keeps the worker's end of the pipe open as well, so that the question would wait out its time limit, and
    signals would wait with it.
    """

    def keep_subprocess_alive(self) -> None:
        """Replace the workers that are gone or do not answer."""
        for process in self.processes:
            process.child_conn.close()
        super().keep_subprocess_alive()


def serve_with_workers(create: Callable[[Settings], Any], settings: Settings) -> int:
    """Serve with `settings.workers` processes until a signal; uvicorn starts another one where one has died."""
    with _metrics_directory(settings) as directory:
        told = settings.model_copy(update={"metrics_dir": directory})
        config = server_config(partial(create, told), told, factory=True)
        listener = config.bind_socket()
        try:
            with contextlib.suppress(KeyboardInterrupt):
                Supervisor(config, sockets=[listener]).run()
        finally:
            listener.close()
    return 0


@contextlib.contextmanager
def _metrics_directory(settings: Settings) -> Iterator[Path]:
    """The folder that the workers share; one of our own goes with the service."""
    if settings.metrics_dir is not None:
        yield settings.metrics_dir
        return
    with tempfile.TemporaryDirectory(prefix="artisan-metrics-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)
