"""Restarts under load behind a real HAProxy that forgives nothing: no client notices, and each request is told once."""

from __future__ import annotations

import signal
import sys
from contextlib import closing
from pathlib import Path

from tests.e2e.load import Load
from tests.e2e.processes import eventually
from tests.e2e.rolling import Backend, campaign, proxied, slow_vendor

WORKERS = 2


def test_a_rolling_restart_loses_no_request(tmp_path: Path) -> None:
    """Searches and runs, as JSON and as events, over kept and new connections: each is answered whole, and has a line.

    Some of them end after the socket of their backend is closed. That the load can lose one, a campaign without a drain
    shows: `python -m tests.e2e.rolling_campaign --drain 0`.
    """
    result = campaign(tmp_path, rounds=1, drain=1.0, workers=(1, WORKERS))
    sys.stderr.write(f"{result.summary}\n")
    assert result.lost == [], "\n".join(result.said)
    assert result.told == {("request_completed", 200): result.asked.total()}
    assert result.ended_late > 0
    assert result.statuses == {(1, -signal.SIGTERM), (WORKERS, 0)}


def test_a_restart_of_the_workers_of_one_service_loses_no_request(tmp_path: Path) -> None:
    """SIGHUP puts a new worker in the place of each, one after another, and the service is ready all the while.

    The proxy never leaves, and keeps connections to the workers that end: these must not close one unasked.
    """
    with slow_vendor() as vendor:
        backend = Backend(tmp_path / "backend", WORKERS, 0.0, vendor)
        backend.start()
        with closing(backend), proxied([backend], tmp_path) as proxy:
            with Load(proxy.address) as load:
                eventually(load.is_under_way, 30)
                backend.process.send_signal(signal.SIGHUP)
                eventually(lambda: backend.count("service_stopped") == WORKERS, 240)
            backend.stop()
        assert load.lost == [], (tmp_path / "haproxy.log").read_text()
        assert backend.told() == {("request_completed", 200): load.asked.total()}
        assert backend.count("service_started") == 2 * WORKERS
