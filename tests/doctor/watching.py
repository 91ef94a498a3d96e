"""A real Prometheus and a real Alertmanager with configurations that a test breaks as it likes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import yaml

from artisan.stack import alertmanager
from artisan.stack.tools import Tools
from tests.e2e.processes import eventually, running
from tests.e2e.serving import answers
from tests.ports import free_port


class Watcher(NamedTuple):
    """One that runs, with the configuration that it reads."""

    url: str
    config: Path
    http: httpx.Client

    def says(self, path: str, **query: str) -> Any:
        """JSON of its API."""
        return self.http.get(path, params=query).raise_for_status().json()


def _asking(url: str) -> httpx.Client:
    # A proxy of the environment could not reach loopback.
    return httpx.Client(base_url=url, trust_env=False, timeout=20)


@contextmanager
def prometheus(
    tools: Tools,
    folder: Path,
    *,
    targets: Mapping[str, str],
    rules: Mapping[str, Any] | None = None,
    tells: str | None = None,
) -> Iterator[Watcher]:
    """Scrapes `targets` (job: host:port) five times a second, and hands its alerts to the Alertmanager at `tells`."""
    port, config = free_port(), folder / "prometheus.yml"
    (folder / "rules.yml").write_text(yaml.safe_dump(rules or {"groups": []}))
    configuration: dict[str, Any] = {
        "global": {"scrape_interval": "200ms", "evaluation_interval": "200ms"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [
            {"job_name": job, "metrics_path": "/monitoring/metrics", "static_configs": [{"targets": [target]}]}
            for job, target in targets.items()
        ],
    }
    if tells:
        configuration["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [tells]}]}]}
    config.write_text(yaml.safe_dump(configuration))
    command = [str(tools.programs["prometheus"]), f"--config.file={config}", f"--storage.tsdb.path={folder}/data"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--web.enable-lifecycle"]
    url = f"http://127.0.0.1:{port}"
    with running(command, folder / "log"), _asking(url) as http:
        eventually(lambda: answers(http, "/-/ready"), 30, folder / "log")
        yield Watcher(url, config, http)


@contextmanager
def alertmanager_with(tools: Tools, folder: Path, config: Mapping[str, Any]) -> Iterator[Watcher]:
    """One with just this configuration."""
    port, file = free_port(), folder / "alertmanager.yml"
    file.write_text(yaml.safe_dump(dict(config)))
    part = alertmanager.part(tools, config=file, data=folder / "data", port=port)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(part.argv, cwd=part.cwd, stdout=log, stderr=log, start_new_session=True)
    try:
        with _asking(f"http://127.0.0.1:{port}") as http:
            eventually(lambda: answers(http, "/-/ready"), 30, folder / "log")
            yield Watcher(f"http://127.0.0.1:{port}", file, http)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # the program may run below a shell of its own
        process.wait(timeout=10)
        shutil.rmtree(folder / "data", ignore_errors=True)


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A web server in a thread of its own; gives its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def committed() -> dict[str, Any]:
    """The configuration of the repository, without its templates."""
    path = Path(__file__).resolve().parents[2] / "monitoring" / "alertmanager.yml"
    config: dict[str, Any] = yaml.safe_load(path.read_text())
    del config["templates"]
    for receiver in config["receivers"]:
        for email in receiver.get("email_configs", []):
            for key in ("headers", "html", "text"):
                del email[key]
    return config
