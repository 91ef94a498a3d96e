"""A real Prometheus on a free loopback port, with our configuration and a quicker clock."""

from __future__ import annotations

import math
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx
import yaml

from tests.ports import free_port

_DEADLINE_SECONDS = 20.0
_RINGING = {
    "groups": [
        {
            "name": "ringing",
            "rules": [
                {"alert": "Ringing", "expr": "vector(1)", "labels": {"severity": severity}}
                for severity in ("critical", "warning")
            ],
        }
    ]
}


class Prometheus:
    """Loads `monitoring` as it is, except that all of its clocks are quicker; a context manager.

    It scrapes `backend`, itself and `alertmanager` five times a second and evaluates all rules as often. Windows of
    days shrink to minutes, since nobody has waited for days. One alert of each severity rings from the start.
    """

    def __init__(self, program: Path, monitoring: Path, folder: Path, *, backend: str, alertmanager: str) -> None:
        self._program, self._folder = program, folder
        self._address = f"127.0.0.1:{free_port()}"
        for part in ("alerts", "rules"):
            (folder / part).mkdir()
            for path in (monitoring / part).glob("*.yml"):
                (folder / part / path.name).write_text(_hurried(path.read_text()))
        (folder / "alerts" / "ringing.yml").write_text(yaml.safe_dump(_RINGING))
        config = yaml.safe_load((monitoring / "prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "200ms", "evaluation_interval": "200ms"}
        for job in config["scrape_configs"]:
            if job["job_name"] == "prometheus":
                job["static_configs"] = [{"targets": [self._address]}]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        (folder / "targets").mkdir()
        for name, address in (("backend", backend), ("alertmanager", alertmanager)):
            (folder / "targets" / f"{name}.yml").write_text(yaml.safe_dump([{"targets": [address]}]))

    def __enter__(self) -> Self:
        self._log = (self._folder / "log").open("w+")
        command = [
            str(self._program),
            f"--config.file={self._folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address={self._address}",
        ]
        self._process = subprocess.Popen(command, stdout=self._log, stderr=subprocess.STDOUT)
        # A proxy of the environment could not reach loopback.
        self._http = httpx.Client(base_url=f"http://{self._address}", trust_env=False)
        self.eventually(self._is_ready, "Prometheus is ready")
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self._process.terminate()
        self._process.wait(timeout=10)
        self._log.close()

    def ask(self, path: str, **parameters: str) -> Any:
        """The `data` of an API answer; raises httpx.HTTPStatusError with Prometheus' own words when it refuses."""
        answer = self._http.get(f"/api/v1/{path}", params=parameters)
        if answer.is_error:
            raise httpx.HTTPStatusError(answer.text, request=answer.request, response=answer)
        return answer.json()["data"]

    def values(self, query: str) -> list[float]:
        """The present values of a query, NaN among them."""
        data = self.ask("query", query=query)
        rows = [data["result"]] if data["resultType"] == "scalar" else [row["value"] for row in data["result"]]
        return [float(value) for _, value in rows]

    def answers(self, query: str) -> bool:
        """Whether a query has a number among its results."""
        return any(math.isfinite(value) for value in self.values(query))

    def eventually(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something holds; raises AssertionError with Prometheus' log when it does not in 20 s."""
        end = time.monotonic() + _DEADLINE_SECONDS
        while not holds():
            if time.monotonic() > end or self._process.poll() is not None:
                raise AssertionError(f"not in time: {what}\n{(self._folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            return self._http.get("/-/ready").is_success
        except httpx.TransportError:
            return False


def _hurried(rules: str) -> str:
    rules = re.sub(r"(?m)^ *interval: .*\n", "", rules)
    return re.sub(r"\[(\d+)d:\d+m\]", r"[\1m:1s]", rules)
