"""A real Prometheus that scrapes itself and tells a real Alertmanager of an alert, each on a free loopback port."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import yaml

from artisan.stack import alertmanager
from artisan.stack.tools import Tools
from tests.ports import free_port

_DEADLINE_SECONDS = 30.0
_RULES = {"groups": [{"name": "group", "rules": [{"alert": "Ringing", "expr": "vector(1)"}]}]}


@contextmanager
def running(tools: Tools, folder: Path) -> Iterator[tuple[str, str]]:
    """The addresses of both pages of metrics, once Prometheus has answered itself and has told of its alert."""
    prometheus, alerts = free_port(), free_port()
    config = {
        "global": {"scrape_interval": "200ms", "evaluation_interval": "200ms"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [{"job_name": "prometheus", "static_configs": [{"targets": [f"127.0.0.1:{prometheus}"]}]}],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alerts}"]}]}]},
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    (folder / "rules.yml").write_text(yaml.safe_dump(_RULES))
    (folder / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    part = alertmanager.part(tools, config=folder / "alertmanager.yml", data=folder / "alerts", port=alerts)
    with ExitStack() as stack:
        stack.enter_context(_process(part.argv, folder / "alertmanager.log", part.cwd))
        command = (
            str(tools.programs["prometheus"]),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{prometheus}",
        )
        stack.enter_context(_process(command, folder / "prometheus.log", None))
        pages = (f"http://127.0.0.1:{prometheus}/metrics", f"http://127.0.0.1:{alerts}/metrics")
        _eventually(lambda: "prometheus_notifications_sent_total{" in _page(pages[0]), folder)
        _eventually(lambda: 'prometheus_http_requests_total{code="200",handler="/metrics"}' in _page(pages[0]), folder)
        _eventually(lambda: "alertmanager_alerts{" in _page(pages[1]), folder)
        yield pages


@contextmanager
def _process(command: tuple[str, ...], log: Path, cwd: Path | None) -> Iterator[None]:
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=cwd, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # it may run below a shell of its own
        process.wait(timeout=10)


def _page(url: str) -> str:
    try:
        return httpx.get(url, trust_env=False).text
    except httpx.TransportError:
        return ""


def _eventually(holds: Callable[[], bool], folder: Path) -> None:
    end = time.monotonic() + _DEADLINE_SECONDS
    while not holds():
        logs = "".join(path.read_text()[-1500:] for path in folder.glob("*.log"))
        assert time.monotonic() < end, logs
        time.sleep(0.1)
