"""The rendered configuration is the committed one with this machine's values in it."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from artisan.stack.receivers import Mail
from artisan.stack.render import Rendering, has_mail_server, receivers_reached, render
from artisan.stack.tools import Tools

from .conftest import ROOT

SOURCE = ROOT / "monitoring"
USUAL = Rendering(backend="localhost:8000", prometheus="localhost:9090", alertmanager="localhost:9093")
MOVED = Rendering(
    backend="localhost:1",
    prometheus="localhost:2",
    alertmanager="localhost:3",
    mail=Mail("127.0.0.1:25", to="me@example.org", sender="you@example.org", username="u", password="p"),
    webhook="https://hooks.example.org/T0/B0",
    heartbeat="http://127.0.0.1:4/ping",
    token="t0ken",
)


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def test_with_the_usual_ports_it_says_what_the_committed_files_say(tmp_path: Path) -> None:
    """So the committed files are what the stack loads, and they can be loaded as they are."""
    render(SOURCE, tmp_path / "run", USUAL)
    for name in ("prometheus.yml", "targets/backend.yml", "targets/alertmanager.yml"):
        assert _yaml(tmp_path / "run" / name) == _yaml(SOURCE / name)


@pytest.mark.parametrize("pattern", ["alerts/*.yml", "rules/*.yml", "templates/*.tmpl"])
def test_rules_and_templates_are_the_committed_ones_to_the_byte(tmp_path: Path, pattern: str) -> None:
    """All of them, in the folders where prometheus.yml and alertmanager.yml look."""
    render(SOURCE, tmp_path / "run", USUAL)
    files = [path.relative_to(SOURCE) for path in SOURCE.glob(pattern)]
    assert files
    for file in files:
        assert (tmp_path / "run" / file).read_bytes() == (SOURCE / file).read_bytes()


def test_only_addresses_and_the_token_change(tmp_path: Path) -> None:
    """Everything else of prometheus.yml stays, and the token is in a file that only its owner reads."""
    run = tmp_path / "run"
    render(SOURCE, run, MOVED)
    assert _yaml(run / "targets/backend.yml") == [{"targets": ["localhost:1"]}]
    assert _yaml(run / "targets/alertmanager.yml") == [{"targets": ["localhost:3"]}]
    rendered, expected = _yaml(run / "prometheus.yml"), _yaml(SOURCE / "prometheus.yml")
    for job in expected["scrape_configs"]:
        if job["job_name"] == "prometheus":
            job["static_configs"] = [{"targets": ["localhost:2"]}]
        elif job["job_name"] == "artisan-backend":
            job["authorization"] = {"credentials_file": str(run / "secrets/monitoring-token")}
    assert rendered == expected
    assert _secret(run / "secrets/monitoring-token") == "t0ken"


def test_only_the_receivers_of_alertmanager_change(tmp_path: Path) -> None:
    """The mail server, with its password in a file of its own, and the addresses that are called."""
    run = tmp_path / "run"
    render(SOURCE, run, MOVED)
    rendered, expected = _yaml(run / "alertmanager.yml"), _yaml(SOURCE / "alertmanager.yml")
    receivers = {receiver["name"]: receiver for receiver in expected["receivers"]}
    [email] = receivers["email"]["email_configs"]
    email |= {"to": "me@example.org", "from": "you@example.org", "smarthost": "127.0.0.1:25", "require_tls": False}
    email |= {"auth_username": "u", "auth_password_file": str(run / "secrets/smtp-password")}
    receivers["webhook"]["webhook_configs"] = [{"url": "https://hooks.example.org/T0/B0", "send_resolved": True}]
    receivers["heartbeat"]["webhook_configs"] = [{"url": "http://127.0.0.1:4/ping", "send_resolved": False}]
    assert rendered == expected
    assert _secret(run / "secrets/smtp-password") == "p"
    assert receivers_reached(run) == {"email", "webhook", "heartbeat"}
    assert "T0/B0" in _secret(run / "alertmanager.yml")


def test_a_mail_server_without_login_gets_none_and_the_committed_addresses(tmp_path: Path) -> None:
    """Only what the environment names is changed; across a network the connection is encrypted."""
    mail = Mail("mail.example.org:587")
    render(SOURCE, tmp_path / "run", Rendering("b:1", "p:1", "a:1", mail))
    [email] = _yaml(tmp_path / "run/alertmanager.yml")["receivers"][0]["email_configs"]
    [committed] = _yaml(SOURCE / "alertmanager.yml")["receivers"][0]["email_configs"]
    assert not any(key.startswith("auth_") for key in email)
    assert (email["to"], email["from"], email["require_tls"]) == (committed["to"], committed["from"], True)


def test_without_any_password_nobody_is_mailed(tmp_path: Path) -> None:
    """The committed addresses are examples: a mail server that would refuse the login is not even called."""
    run = tmp_path / "run"
    source = _copy(tmp_path)
    render(source, run, USUAL)
    assert receivers_reached(run) == set()
    assert not has_mail_server(source)


def test_the_committed_mail_server_is_used_once_its_password_is_there(tmp_path: Path) -> None:
    """It is found from the rendered file, which lies in another folder."""
    source, run = _copy(tmp_path), tmp_path / "run"
    (source / "secrets" / "smtp-password").write_text("secret")
    render(source, run, USUAL)
    [email] = _yaml(run / "alertmanager.yml")["receivers"][0]["email_configs"]
    assert email["auth_password_file"] == str(source / "secrets" / "smtp-password")
    assert has_mail_server(source)


def test_without_alertmanager_prometheus_sends_alerts_nowhere(tmp_path: Path) -> None:
    """Least of all to somebody else's Alertmanager that has the port."""
    render(SOURCE, tmp_path / "run", Rendering("b:1", "p:1", None))
    assert _yaml(tmp_path / "run/targets/alertmanager.yml") == []


def test_what_an_earlier_start_rendered_is_gone(tmp_path: Path) -> None:
    """A rule or a secret that is no longer wanted must not live on."""
    render(SOURCE, tmp_path / "run", MOVED)
    render(SOURCE, tmp_path / "run", USUAL)
    assert not list((tmp_path / "run" / "secrets").iterdir())


@pytest.mark.parametrize("rendering", [USUAL, MOVED], ids=["usual", "moved"])
def test_promtool_and_amtool_accept_it(tools: Tools, tmp_path: Path, rendering: Rendering) -> None:
    """With rules, targets and secrets."""
    render(SOURCE, tmp_path, rendering)
    for tool, command, file in (
        ("promtool", ("check", "config"), "prometheus.yml"),
        ("amtool", ("check-config",), "alertmanager.yml"),
    ):
        outcome = subprocess.run(
            [tools.programs[tool], *command, tmp_path / file], capture_output=True, text=True, check=False
        )
        assert outcome.returncode == 0, outcome.stderr


def _copy(tmp_path: Path) -> Path:
    source = tmp_path / "monitoring"
    shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("smtp-password"))
    return source


def _secret(path: Path) -> str:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path.read_text()
