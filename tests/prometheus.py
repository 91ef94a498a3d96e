"""A real Prometheus of a test's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil
import yaml

from tests.e2e.processes import eventually, program, running
from tests.e2e.serving import answers
from tests.ports import free_port


class Prometheus(NamedTuple):
    """One that has started."""

    client: httpx.Client
    """Of its root: `/api/v1/query`, `/-/reload` …"""
    process: psutil.Process
    log: Path

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The present series of an instant query, each with `metric` and `value`."""
        answer = self.client.get("/api/v1/query", params={"query": query}).raise_for_status()
        rows: list[dict[str, Any]] = answer.json()["data"]["result"]
        return rows


@contextmanager
def prometheus(folder: Path, config: dict[str, Any], *options: str, port: int = 0) -> Iterator[Prometheus]:
    """One with this configuration in `folder`, once it answers queries: until its data is loaded it refuses them."""
    port = port or free_port()
    file, log = folder / "prometheus.yml", folder / "prometheus.log"
    file.write_text(yaml.safe_dump(config))
    command = [program("prometheus"), f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}", *options]
    with (
        running([*command, f"--web.listen-address=127.0.0.1:{port}"], log) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client,
    ):
        eventually(lambda: answers(client, "/-/ready"), 60, log)
        yield Prometheus(client, process, log)


def scraping(target: str, interval: str) -> dict[str, Any]:
    """The configuration of one that scrapes one backend."""
    job = {"job_name": "b", "metrics_path": "/monitoring/metrics", "static_configs": [{"targets": [target]}]}
    return {"global": {"scrape_interval": interval}, "scrape_configs": [job]}
