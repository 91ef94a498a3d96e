"""What Prometheus and Alertmanager load is accepted by their own tools and says what the guide says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Locate, Run


def load(path: Path) -> Any:
    """A YAML file."""
    return yaml.safe_load(path.read_text())


def test_promtool_accepts_the_configuration_with_its_rules_and_targets(
    monitoring: Path, locate: Locate, run: Run
) -> None:
    """The committed prometheus.yml works as it stands, and finds every rule file."""
    printed = run(locate("promtool"), "check", "config", "--lint=all", "--lint-fatal", monitoring / "prometheus.yml")
    files = [*(monitoring / "alerts").iterdir(), *(monitoring / "rules").iterdir()]
    assert f"{len(files)} rule files found" in printed


def test_promtool_accepts_the_targets_of_docker_compose(
    monitoring: Path, tmp_path: Path, locate: Locate, run: Run
) -> None:
    """The same file works with the folder that docker-compose.yml mounts as `targets`."""
    for name in ("prometheus.yml", "alerts", "rules"):
        (shutil.copytree if (monitoring / name).is_dir() else shutil.copy)(monitoring / name, tmp_path / name)
    shutil.copytree(monitoring / "targets" / "compose", tmp_path / "targets")
    run(locate("promtool"), "check", "config", tmp_path / "prometheus.yml")


def test_amtool_accepts_alertmanager_as_it_stands(monitoring: Path, locate: Locate, run: Run) -> None:
    """No rendering is needed to load it."""
    printed = run(locate("amtool"), "check-config", monitoring / "alertmanager.yml")
    assert "3 receivers" in printed
    assert "1 templates" in printed


def test_every_environment_names_the_same_targets(monitoring: Path) -> None:
    """A target file that only one environment has would be missed by the others."""
    names = [{path.name for path in (monitoring / folder).glob("*.yml")} for folder in ("targets", "targets/compose")]
    assert names[0] == names[1] == {"backend.yml", "alertmanager.yml", "postgres.yml", "redis.yml"}


def test_nothing_is_missed_where_no_exporter_runs(monitoring: Path) -> None:
    """On one machine PostgreSQL and Valkey have no exporter: an empty list, no target that is down."""
    assert load(monitoring / "targets" / "postgres.yml") == load(monitoring / "targets" / "redis.yml") == []


def test_the_backend_is_scraped_every_five_seconds_at_its_metrics_page(monitoring: Path) -> None:
    """The job's name is what every alert selects by."""
    config = load(monitoring / "prometheus.yml")
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    assert config["global"]["scrape_interval"] == "5s"
    assert jobs["artisan-backend"]["metrics_path"] == "/monitoring/metrics"
    assert load(monitoring / "targets" / "backend.yml") == [{"targets": ["localhost:8000"]}]


def test_alertmanager_is_watched_wherever_alerts_are_sent(monitoring: Path) -> None:
    """One list for both, so that whoever is asked to tell is also asked how it goes."""
    config = load(monitoring / "prometheus.yml")
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    [sent] = config["alerting"]["alertmanagers"]
    assert (
        jobs["alertmanager"]["file_sd_configs"] == sent["file_sd_configs"] == [{"files": ["targets/alertmanager.yml"]}]
    )


def test_prometheus_watches_itself(monitoring: Path) -> None:
    """What AlertDeliveryFailing and RuleEvaluationFailing rest on."""
    assert "prometheus" in {job["job_name"] for job in load(monitoring / "prometheus.yml")["scrape_configs"]}


def test_grafana_knows_the_scrape_interval(monitoring: Path) -> None:
    """It derives the window of every rate from it, and a window shorter than two scrapes is empty."""
    (source,) = load(monitoring / "grafana/provisioning/datasources/prometheus.yml")["datasources"]
    assert source["jsonData"]["timeInterval"] == load(monitoring / "prometheus.yml")["global"]["scrape_interval"]


def test_alertmanager_routes_as_the_guide_prints(monitoring: Path) -> None:
    """With the guide's timing, and mail for whatever no other route takes."""
    config = load(monitoring / "alertmanager.yml")
    assert config["global"] == {"resolve_timeout": "5m"}
    assert {key: value for key, value in config["route"].items() if key != "routes"} == {
        "group_by": ["alertname"],
        "group_wait": "10s",
        "group_interval": "10s",
        "repeat_interval": "12h",
        "receiver": "email",
    }


def test_the_mail_receiver_is_the_one_of_the_guide(monitoring: Path) -> None:
    """With its addresses; the password comes from a file, and the end of an alert is told too."""
    receiver = load(monitoring / "alertmanager.yml")["receivers"][0]
    (email,) = receiver["email_configs"]
    assert receiver["name"] == "email"
    assert email["to"] == "alerts@artisanhub.com"
    assert email["from"] == "prometheus@artisanhub.com"
    assert email["smarthost"] == "smtp.gmail.com:587"
    assert email["auth_username"] == "your-email@gmail.com"
    assert email["auth_password_file"] == "secrets/smtp-password"
    assert email["send_resolved"] is True


def test_the_webhook_and_the_heartbeat_have_no_address_in_git(monitoring: Path) -> None:
    """Whoever knows such an address can write there, so it is a secret like any other."""
    receivers = load(monitoring / "alertmanager.yml")["receivers"]
    assert receivers[1:] == [{"name": "webhook"}, {"name": "heartbeat"}]
    addresses = re.findall(r"https?://[^\s'\"]+", (monitoring / "alertmanager.yml").read_text())
    assert addresses == []


@pytest.mark.parametrize("secret", ["auth_password", "auth_secret", "credentials", "password", "bearer_token"])
def test_no_secret_stands_in_a_committed_file(monitoring: Path, secret: str) -> None:
    """Secrets are named by file, and the folder of these files ignores all it holds."""
    for path in monitoring.rglob("*.yml"):
        assert secret not in keys(load(path)), f"{path.name} has {secret}"
    assert "*" in (monitoring / "secrets" / ".gitignore").read_text().splitlines()


def keys(content: Any) -> set[str]:
    """Every mapping key at any depth."""
    if isinstance(content, dict):
        return set(content) | keys(list(content.values()))
    if isinstance(content, list):
        return set[str]().union(*map(keys, content))
    return set()
