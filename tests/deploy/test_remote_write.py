"""Metrics for years: a real Prometheus writes to a real VictoriaMetrics what our example says, and loses nothing."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple, Self

import httpx
import pytest
import yaml

from tests.debian import debian_program
from tests.e2e.processes import ROOT, eventually, program, running
from tests.e2e.serving import AS_THE_GUIDE_SAYS, Service, answers, served
from tests.ports import free_port
from tests.prometheus import Prometheus, prometheus

MONITORING = ROOT / "monitoring"
EXAMPLE = MONITORING / "remote-write.example.yml"
SEARCHES = 'http_requests_total{endpoint="/api/search",method="GET",status="200"}'


class Store:
    """VictoriaMetrics on a port that stays the same over a restart, as does its folder; a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port, self._stack = folder, free_port(), ExitStack()
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self._port}", trust_env=False, timeout=20)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.client.close()

    @property
    def url(self) -> str:
        """Where Prometheus writes to."""
        return f"http://127.0.0.1:{self._port}/api/v1/write"

    def start(self) -> None:
        path, env = debian_program("victoria-metrics", "victoria-metrics")
        command = [path, f"-storageDataPath={self._folder / 'store'}", f"-httpListenAddr=127.0.0.1:{self._port}"]
        # It hides what is younger than this, so that graphs do not end in a dip.
        command += ["-search.latencyOffset=0s", "-retentionPeriod=1d"]
        self._stack.enter_context(running(command, self._folder / "store.log", **env))
        eventually(lambda: answers(self.client, "/health"), 30, self._folder / "store.log")

    def stop(self) -> None:
        self._stack.close()

    def value(self, query: str) -> float | None:
        """The present value of a query in PromQL."""
        found = self.client.get("/api/v1/query", params={"query": query}).json()["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    def names(self) -> set[str]:
        return set(self.client.get("/api/v1/label/__name__/values").json()["data"])

    def samples(self, series: str) -> dict[int, float]:
        """All that it has of one series: values by milliseconds."""
        self.client.get("/internal/force_flush")
        text = self.client.get("/api/v1/export", params={"match[]": series}).text
        rows = [json.loads(line) for line in text.splitlines()]
        return {at: value for row in rows for at, value in zip(row["timestamps"], row["values"], strict=True)}


class Scene(NamedTuple):
    store: Store
    prometheus: Prometheus
    service: Service

    def kept(self, series: str) -> dict[int, float]:
        """What Prometheus itself has of one series of the last ten minutes."""
        found = self.prometheus.rows(f"{series}[10m]")
        return {round(at * 1000): float(value) for row in found for at, value in row["values"]}


def configure(folder: Path, backend: str, own: str, url: str) -> dict[str, Any]:
    """Our prometheus.yml with the example appended as it says, on a quicker clock and with addresses of here."""
    for name in ("alerts", "rules"):
        shutil.copytree(MONITORING / name, folder / name)
    text = (MONITORING / "prometheus.yml").read_text() + EXAMPLE.read_text()
    text = re.sub(r"(scrape|evaluation)_interval: 5s", r"\1_interval: 1s", text)
    (folder / "targets").mkdir()
    (folder / "targets/backend.yml").write_text(yaml.safe_dump([{"targets": [backend]}]))
    config: dict[str, Any] = yaml.safe_load(text.replace("localhost:9090", own).replace(_url(), url))
    return config


def _url() -> str:
    (write,) = yaml.safe_load(EXAMPLE.read_text())["remote_write"]
    url: str = write["url"]
    return url


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The backend, Prometheus and VictoriaMetrics, each in a process of its own."""
    folder, port = tmp_path_factory.mktemp("remote"), free_port()
    (folder / "backend").mkdir()
    with Store(folder) as store, served(AS_THE_GUIDE_SAYS, folder / "backend") as service:
        address = service.client.base_url.netloc.decode()
        config = configure(folder, address, f"127.0.0.1:{port}", store.url)
        with prometheus(folder, config, port=port) as own:
            yield Scene(store, own, service)


def test_promtool_accepts_what_the_example_makes(tmp_path: Path) -> None:
    """The two files one after the other, without a change."""
    for name in ("alerts", "rules", "targets"):
        shutil.copytree(MONITORING / name, tmp_path / name)
    together = (MONITORING / "prometheus.yml").read_text() + EXAMPLE.read_text()
    (tmp_path / "prometheus.yml").write_text(together)
    with running([program("promtool"), "check", "config", str(tmp_path / "prometheus.yml")], tmp_path / "said") as told:
        assert told.wait(30) == 0, (tmp_path / "said").read_text()


def test_a_counter_can_be_read_back(scene: Scene) -> None:
    """By PromQL, with the label that says whose it is."""
    before = scene.service.client.get("/api/search", params={"q": "silk"})
    assert before.status_code == 200
    query = SEARCHES.replace("}", ',cluster="artisan-hub",job="artisan-backend"}')
    eventually(lambda: (scene.store.value(query) or 0) >= 1, 30)


def test_what_rules_record_arrives_too(scene: Scene) -> None:
    """The series of the objectives, and whether an alert rings."""
    for query in ("http_request_size_bytes", 'ALERTS{alertname="Watchdog"}', "{__name__=~'slo:.+'}"):
        eventually(lambda query=query: scene.store.value(query) is not None, 60)


def test_only_what_is_not_worth_it_is_left_out(scene: Scene) -> None:
    """Everything else that Prometheus has is there: what alerts, dashboards and objectives ask for among it."""
    # Those that have a number: a store need not keep what was never one.
    rows = scene.prometheus.rows('group by (__name__) ({__name__=~".+"} <= Inf)')
    of_prometheus = {row["metric"]["__name__"] for row in rows}
    left_out = {name for name in of_prometheus if name.startswith(("go_", "process_"))}
    left_out |= {"http_request_size_bytes_bucket", "http_response_size_bytes_bucket"}
    assert len(left_out) > 10
    eventually(lambda: scene.store.names() >= of_prometheus - left_out, 60)
    assert not scene.store.names() & left_out
    rules = " ".join(path.read_text() for name in ("alerts", "rules") for path in (MONITORING / name).glob("*.yml"))
    boards = " ".join(path.read_text() for path in (MONITORING / "grafana/dashboards").glob("*.json"))
    # Prometheus itself answers these boards; one that reads from the store must not find them empty.
    assert not [name for name in left_out if re.search(rf"\b{name}\b", rules)]
    assert not [name for name in left_out if name.startswith(("go_", "process_")) and re.search(rf"\b{name}\b", boards)]


def test_nothing_is_missing_after_the_store_was_away(scene: Scene) -> None:
    """Prometheus hands over from its log what it scraped meanwhile: each sample, at its time, with its value."""
    scene.store.stop()
    left = time.time()
    for number in range(20):
        assert scene.service.client.get("/api/search", params={"q": f"cotton {number}"}).status_code == 200
    eventually(lambda: len([at for at in scene.kept(SEARCHES) if at > left * 1000]) >= 10, 60)
    scene.store.start()
    back = time.time() * 1000
    of_prometheus = {at: value for at, value in scene.kept(SEARCHES).items() if at < back}
    assert max(of_prometheus.values()) >= 20
    eventually(lambda: of_prometheus.items() <= scene.store.samples(SEARCHES).items(), 120)
    gap = max(late - early for early, late in zip(sorted(of_prometheus), sorted(of_prometheus)[1:], strict=False))
    assert gap < 10_000, "Prometheus itself has a gap, so that this proves nothing"
