"""docker-compose.yml and the Dockerfile are sound, and run the same configuration as `make up`."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from artisan.stack.prometheus import RETENTION

from .conftest import ROOT, Run

PROGRAMS = Path(sys.executable).parent


@pytest.fixture(scope="module")
def services(run: Run) -> dict[str, Any]:
    """The services as Compose itself reads them."""
    printed = run(PROGRAMS / "docker-compose", "-f", ROOT / "docker-compose.yml", "config", "--format", "json")
    found: dict[str, Any] = json.loads(printed)["services"]
    return found


def test_compose_accepts_the_file(run: Run) -> None:
    """Without a word of warning, and without any variable set."""
    assert run(PROGRAMS / "docker-compose", "-f", ROOT / "docker-compose.yml", "config", "-q") == ""


def test_hadolint_accepts_the_dockerfile(run: Run) -> None:
    """Without a remark, even the mildest."""
    assert run(PROGRAMS / "hadolint", ROOT / "Dockerfile") == ""


def test_the_addresses_are_those_of_the_guide(services: dict[str, Any]) -> None:
    """The API is open, everything else listens on loopback alone."""
    published = {
        (name, port.get("host_ip", ""), port["published"])
        for name, service in services.items()
        for port in service["ports"]
    }
    assert published == {
        ("backend", "", "8000"),
        ("valkey", "127.0.0.1", "6379"),
        ("prometheus", "127.0.0.1", "9090"),
        ("alertmanager", "127.0.0.1", "9093"),
        ("grafana", "127.0.0.1", "3001"),
    }


def test_the_backend_is_called_as_the_guide_calls_it(services: dict[str, Any]) -> None:
    """`docker logs artisan-backend` is in the guide."""
    assert services["backend"]["container_name"] == "artisan-backend"


def test_grafana_lets_admin_in(services: dict[str, Any]) -> None:
    """As admin, unless the environment gives a better password."""
    assert services["grafana"]["environment"]["GF_SECURITY_ADMIN_PASSWORD"] == "admin"


def test_every_mounted_file_is_in_the_repository_and_below_monitoring(services: dict[str, Any]) -> None:
    """The very files that `make up` uses, read-only."""
    binds = [v for service in services.values() for v in service.get("volumes", []) if v["type"] == "bind"]
    assert len(binds) == 10
    for bind in binds:
        assert Path(bind["source"]).exists()
        assert Path(bind["source"]).is_relative_to(ROOT / "monitoring")
        assert bind["read_only"]


def test_every_service_has_a_memory_limit_and_a_pinned_image(services: dict[str, Any]) -> None:
    """One part that grows must not take the others down, and an image must not change by itself."""
    for name, service in services.items():
        assert int(service["mem_limit"]) > 0, name
        assert service["image"].partition(":")[2] not in ("", "latest"), name


def test_the_memory_alarm_rings_before_the_kernel_does(services: dict[str, Any]) -> None:
    """The backend's limit is at least half as much again as the 4 GiB of HighMemoryUsage."""
    assert int(services["backend"]["mem_limit"]) >= 1.5 * 4 * 1024**3


def test_every_service_tells_whether_it_is_healthy(services: dict[str, Any]) -> None:
    """The backend by its image, the others by the compose file."""
    assert "/monitoring/health/live" in (ROOT / "Dockerfile").read_text()
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"backend"}


def test_alertmanager_finds_its_password_from_where_it_runs(services: dict[str, Any]) -> None:
    """It reads a relative path from its working directory, not from where its configuration lies."""
    alertmanager = services["alertmanager"]
    targets = {volume["target"] for volume in alertmanager["volumes"]}
    assert f"{alertmanager['working_dir']}/secrets" in targets
    assert f"{alertmanager['working_dir']}/alertmanager.yml" in targets


def test_alertmanager_finds_its_templates(services: dict[str, Any]) -> None:
    """Next to its configuration."""
    targets = {volume["target"] for volume in services["alertmanager"]["volumes"]}
    assert {"/etc/alertmanager/alertmanager.yml", "/etc/alertmanager/templates"} <= targets


def test_prometheus_keeps_what_make_up_keeps(services: dict[str, Any]) -> None:
    """As long, and within the same size."""
    assert set(RETENTION) <= set(services["prometheus"]["command"])


def test_grafana_opens_on_the_overview(services: dict[str, Any]) -> None:
    """Which is mounted where its setting looks."""
    grafana = services["grafana"]
    home = Path(grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    (mount,) = [v for v in grafana["volumes"] if v["target"] == str(home.parent)]
    assert (Path(mount["source"]) / home.name).is_file()


def test_prometheus_looks_for_hosts_that_are_services(services: dict[str, Any]) -> None:
    """The targets that are mounted name services of this file at the ports they listen on."""
    (mount,) = [v for v in services["prometheus"]["volumes"] if v["target"] == "/etc/prometheus/targets"]
    text = "".join(path.read_text() for path in Path(mount["source"]).glob("*.yml"))
    assert "backend:8000" in text
    assert "alertmanager:9093" in text


def test_the_image_holds_what_the_backend_reads(root: Path) -> None:
    """.dockerignore lets nothing in by default, so it has to name what is read."""
    lines = (root / ".dockerignore").read_text().splitlines()
    allowed = [line.removeprefix("!") for line in lines if line.startswith("!")]
    assert lines[1] == "*"
    assert allowed == ["backend/", "migrations/", "requirements/run.txt", "docs/guide.md"]
    assert all((root / path).exists() for path in allowed)


def test_the_image_starts_the_backend_as_a_user_without_rights(root: Path) -> None:
    """And not through a shell, which would swallow the signal to stop."""
    instructions = dict(
        line.split(maxsplit=1) for line in (root / "Dockerfile").read_text().splitlines() if line[:1].isupper()
    )
    assert int(instructions["USER"]) > 0
    assert json.loads(instructions["ENTRYPOINT"]) == shlex.split("python -m backend.main")
