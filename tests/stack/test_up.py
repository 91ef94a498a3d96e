"""The spec of `artisan up`: which parts run, and what the backend is told of them."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from artisan.stack import backend
from artisan.stack.receivers import BadSetting
from artisan.stack.tools import Tools
from artisan.stack.up import Plan, Ports, Setup, plan

from .conftest import ROOT

DATABASE = Path("/data/artisan.db")


@pytest.fixture
def setup(tools: Tools, free_port: Callable[[], int], tmp_path: Path) -> Setup:
    """All parts there, on free ports, nothing set by the user."""
    ports = Ports(*(free_port() for _ in fields(Ports)))
    return Setup(ROOT, tmp_path / "state", ports, tools, {})


def _environment(chosen: Plan) -> dict[str, str]:
    return next(dict(part.env) for part in chosen.parts if part.name == "backend")


def test_all_parts_run_where_nothing_is_missing(setup: Setup) -> None:
    """And only the backend is essential."""
    chosen = plan(setup)
    assert not chosen.left_out
    names = ["valkey", "llm", "backend", "mailbox", "alertmanager", "prometheus", "pages"]
    assert [part.name for part in chosen.parts] == names
    assert [part.name for part in chosen.parts if part.essential] == ["backend"]


def test_the_backend_is_told_where_the_other_parts_are(setup: Setup) -> None:
    """By the settings it knows."""
    env = _environment(plan(setup))
    assert env["PORT"] == str(setup.ports.backend)
    assert env["HOST"] == "127.0.0.1"
    assert env["REDIS_URL"] == f"redis://127.0.0.1:{setup.ports.valkey}/0"
    assert env["LLM_PROVIDERS"] == f"local@http://127.0.0.1:{setup.ports.llm}/v1"
    assert env["DATABASE_URL"] == f"sqlite+aiosqlite:///{setup.state}/data/artisan.db"
    assert env["ENVIRONMENT"] == "production"


@pytest.mark.parametrize(("name", "setting"), [("valkey", "REDIS_URL"), ("llm", "LLM_PROVIDERS")])
def test_a_part_whose_port_is_taken_is_left_out_and_the_backend_runs_without_it(
    setup: Setup, name: str, setting: str
) -> None:
    """One sentence names the port, its holder and the option."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        chosen = plan(replace(setup, ports=replace(setup.ports, **{name: port})))
    assert list(chosen.left_out) == [name]
    assert chosen.left_out[name].startswith(f"port {port} is in use by ")
    assert f"(pid {os.getpid()})" in chosen.left_out[name]
    assert chosen.left_out[name].endswith(f"choose another with --{name}-port or ARTISAN_{name.upper()}_PORT")
    assert setting not in _environment(chosen)


def test_alerts_are_not_sent_to_whoever_has_alertmanagers_port(setup: Setup) -> None:
    """Prometheus runs on without a place to send them to."""
    with socket.create_server(("127.0.0.1", setup.ports.alertmanager)):
        chosen = plan(setup)
    assert list(chosen.left_out) == ["alertmanager"]
    assert yaml.safe_load((setup.state / "run/targets/alertmanager.yml").read_text()) == []


def test_programs_that_were_not_found_are_left_out(setup: Setup) -> None:
    """The backend and what pip installs run on."""
    chosen = plan(replace(setup, tools=Tools({}, setup.state / "tools")))
    assert set(chosen.left_out) == {"prometheus", "alertmanager"}
    assert [part.name for part in chosen.parts] == ["valkey", "llm", "backend", "mailbox"]


def test_a_system_that_refuses_namespaces_is_told_what_to_install(
    setup: Setup, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unpacked Alertmanager cannot run there; everything else does."""
    unpacked = tmp_path / "state/tools/usr/bin/prometheus-alertmanager"
    (unpacked.parents[1] / "share").mkdir(parents=True)
    refusing = tmp_path / "unshare"
    refusing.write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    programs = {**setup.tools.programs, "alertmanager": unpacked}
    chosen = plan(replace(setup, tools=Tools(programs, tmp_path / "state/tools")))
    assert list(chosen.left_out) == ["alertmanager"]
    assert "(unshare failed: Operation not permitted); install it" in chosen.left_out["alertmanager"]


@pytest.mark.parametrize(
    ("setting", "value", "name"),
    [("REDIS_URL", "redis://cache.example.org/0", "valkey"), ("LLM_PROVIDERS", "groq", "llm")],
)
def test_what_the_user_has_set_wins_and_our_part_is_not_needed(
    setup: Setup, setting: str, value: str, name: str
) -> None:
    """The backend reads the user's value by itself, from the environment or `.env`."""
    chosen = plan(replace(setup, environ={setting: value}))
    assert chosen.left_out == {name: f"not needed, because {setting} is set"}
    assert setting not in _environment(chosen)


def test_an_empty_setting_is_not_set() -> None:
    """A copied `.env.example` has every key, most of them empty."""
    env = backend.environment(ROOT, {"REDIS_URL": "", "ENVIRONMENT": "staging"}, DATABASE, {"valkey": 1})
    assert env["REDIS_URL"] == "redis://127.0.0.1:1/0"
    assert "ENVIRONMENT" not in env


def test_no_proxy_stands_between_the_backend_and_this_machine() -> None:
    """Whatever the user has excluded stays excluded."""
    env = backend.environment(ROOT, {"NO_PROXY": "intranet"}, DATABASE, {})
    assert env["NO_PROXY"] == env["no_proxy"] == "intranet,127.0.0.1,localhost"


def test_mails_go_to_the_mailbox(setup: Setup) -> None:
    """To whom the environment names, without a login that it would not know."""
    plan(replace(setup, environ={"ALERT_EMAIL_TO": "me@example.org", "ALERT_SMTP_USERNAME": "somebody"}))
    email = _receiver(setup, "email")["email_configs"][0]
    assert email["smarthost"] == f"127.0.0.1:{setup.ports.smtp}"
    assert email["to"] == "me@example.org"
    assert "auth_username" not in email


def test_mails_go_to_the_mail_server_that_the_user_names(setup: Setup) -> None:
    """And no mailbox is needed."""
    server = {"ALERT_SMTP_HOST": "mail.example.org:587", "ALERT_SMTP_USERNAME": "u", "ALERT_SMTP_PASSWORD": "p"}
    chosen = plan(replace(setup, environ=server))
    assert chosen.left_out == {"mailbox": "not needed, because ALERT_SMTP_HOST is set"}
    email = _receiver(setup, "email")["email_configs"][0]
    assert (email["smarthost"], email["auth_username"]) == ("mail.example.org:587", "u")
    assert (setup.state / "run/secrets/smtp-password").read_text() == "p"


def test_mails_go_to_the_committed_mail_server_once_its_password_is_there(setup: Setup, tmp_path: Path) -> None:
    """Whoever has filled in monitoring/alertmanager.yml, as the guide tells, wants mails, not a mailbox."""
    shutil.copytree(ROOT / "monitoring", tmp_path / "monitoring")
    (tmp_path / "monitoring/secrets/smtp-password").write_text("p")
    chosen = plan(replace(setup, root=tmp_path))
    assert list(chosen.left_out) == ["mailbox"]
    assert _receiver(setup, "email")["email_configs"][0]["smarthost"] == "smtp.gmail.com:587"


@pytest.mark.parametrize("port", ["mailbox", "smtp"])
def test_a_mailbox_without_one_of_its_ports_is_left_out(setup: Setup, port: str) -> None:
    """No mail is sent to whoever has the port."""
    with socket.create_server(("127.0.0.1", getattr(setup.ports, port))):
        chosen = plan(setup)
    assert list(chosen.left_out) == ["mailbox"]
    assert chosen.left_out["mailbox"].endswith(f"choose another with --{port}-port or ARTISAN_{port.upper()}_PORT")
    assert "email_configs" not in _receiver(setup, "email")


def test_alerts_call_the_addresses_that_the_user_names(setup: Setup) -> None:
    """The webhook is told the end of an alert too; a heartbeat has no end."""
    plan(replace(setup, environ={"ALERT_WEBHOOK_URL": "https://a.example.org/x", "ALERT_HEARTBEAT_URL": "http://b:1"}))
    assert _receiver(setup, "webhook")["webhook_configs"] == [{"url": "https://a.example.org/x", "send_resolved": True}]
    assert _receiver(setup, "heartbeat")["webhook_configs"] == [{"url": "http://b:1", "send_resolved": False}]


@pytest.mark.parametrize("key", ["ALERT_WEBHOOK_URL", "ALERT_HEARTBEAT_URL"])
@pytest.mark.parametrize(
    "value", ["example.org/hunter2", "ftp://hunter2", "https://", "http://x:y/hunter2", "http://a b"]
)
def test_an_address_that_cannot_be_called_stops_the_start(setup: Setup, key: str, value: str) -> None:
    """In one sentence that names the key, not the value: whoever knows it could call it."""
    with pytest.raises(BadSetting) as refusal:
        plan(replace(setup, environ={key: value}))
    sentence = str(refusal.value)
    assert sentence == f"{key}: must be a whole address, such as https://example.org/path (the value is not shown)"


@pytest.mark.parametrize("value", ["mail.example.org", "mail.example.org:smtp", ":25"])
def test_a_mail_server_without_its_port_stops_the_start(setup: Setup, value: str) -> None:
    """Alertmanager would refuse its whole configuration."""
    with pytest.raises(BadSetting) as refusal:
        plan(replace(setup, environ={"ALERT_SMTP_HOST": value}))
    assert str(refusal.value) == f"ALERT_SMTP_HOST={value!r}: must be host:port, such as mail.example.org:587"


def test_metrics_are_kept_for_longer_than_an_error_budget_looks_back(setup: Setup) -> None:
    """30 days, and no more of the disk than is said."""
    prometheus = next(part for part in plan(setup).parts if part.name == "prometheus")
    assert {"--storage.tsdb.retention.time=40d", "--storage.tsdb.retention.size=4GB"} <= set(prometheus.argv)


def _receiver(setup: Setup, name: str) -> Any:
    receivers = yaml.safe_load((setup.state / "run/alertmanager.yml").read_text())["receivers"]
    return next(receiver for receiver in receivers if receiver["name"] == name)
