"""The parent of several workers: it is never kept by one that is gone."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from uvicorn.supervisors.multiprocess import SIGNALS

from backend.serving import Supervisor

TIME_LIMIT = 60


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    """Of one worker that is frozen, so that it cannot answer."""
    handlers = {each: signal.getsignal(each) for each in SIGNALS}
    config = uvicorn.Config("tests.e2e.served:app", workers=1, timeout_worker_healthcheck=TIME_LIMIT)
    supervisor = Supervisor(config, sockets=[])
    supervisor.init_processes()
    os.kill(supervisor.processes[0].pid or 0, signal.SIGSTOP)
    yield supervisor
    for process in supervisor.processes:
        process.kill()
        process.join()
    for each, handler in handlers.items():
        signal.signal(each, handler)


def test_a_worker_that_dies_while_it_is_asked_is_replaced_at_once(supervisor: Supervisor) -> None:
    """Not when the time limit of the question is over: until then the parent would not even stop."""
    asked = supervisor.processes[0].pid or 0
    killing = threading.Timer(0.5, os.kill, (asked, signal.SIGKILL))
    started = time.monotonic()
    killing.start()
    supervisor.keep_subprocess_alive()
    killing.join()
    assert time.monotonic() - started < TIME_LIMIT / 3
    assert [process.pid for process in supervisor.processes] != [asked]
