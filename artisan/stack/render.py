"""The committed configuration of Prometheus and Alertmanager, with this machine's ports, receivers and secrets."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from artisan.stack.receivers import Mail, called, drop_dead_mails, locate, reached, through


@dataclass(frozen=True)
class Rendering:
    """What differs from the committed files. Addresses are `host:port`; without Alertmanager nothing is sent there."""

    backend: str
    prometheus: str
    alertmanager: str | None
    mail: Mail | None = None
    webhook: str = ""
    """Where the receiver `webhook` calls; empty leaves it as it is committed, and so does the next."""
    heartbeat: str = ""
    token: str = ""
    """The backend's MONITORING_TOKEN."""


def render(source: Path, run: Path, rendering: Rendering) -> None:
    """Write configuration, rules, templates, targets and secrets into `run`, replacing what is there."""
    shutil.rmtree(run, ignore_errors=True)
    (run / "targets").mkdir(parents=True)
    (run / "secrets").mkdir(mode=0o700)
    prometheus, alertmanager = _load(source / "prometheus.yml"), _load(source / "alertmanager.yml")
    for pattern in (*prometheus["rule_files"], *alertmanager.get("templates", ())):
        _copy(source, run, pattern)
    _targets(source, run, "backend", rendering.backend)
    _targets(source, run, "alertmanager", rendering.alertmanager)
    for job in prometheus["scrape_configs"]:
        _scrape(job, run, rendering)
    _receivers(alertmanager, source, run, rendering)
    _write(run / "prometheus.yml", _yaml(prometheus))
    # The addresses that it calls are as good as passwords.
    _write(run / "alertmanager.yml", _yaml(alertmanager), mode=0o600)


def receivers_reached(run: Path) -> set[str]:
    """Those receivers of a rendered Alertmanager through which somebody is told."""
    return reached(_load(run / "alertmanager.yml"))


def has_mail_server(source: Path) -> bool:
    """Whether the committed Alertmanager can send mails as it is, for which its password must be there."""
    alertmanager = _load(source / "alertmanager.yml")
    locate(alertmanager, source)
    drop_dead_mails(alertmanager)
    return any("email_configs" in receiver for receiver in alertmanager["receivers"])


def _copy(source: Path, run: Path, pattern: str) -> None:
    for file in sorted(source.glob(pattern)):
        copy = run / file.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)


def _targets(source: Path, run: Path, name: str, address: str | None) -> None:
    groups = _load(source / "targets" / f"{name}.yml")
    for group in groups:
        group["targets"] = [address]
    _write(run / "targets" / f"{name}.yml", _yaml(groups if address else []))


def _scrape(job: dict[str, Any], run: Path, rendering: Rendering) -> None:
    if job["job_name"] == "prometheus":
        for group in job["static_configs"]:
            group["targets"] = [rendering.prometheus]
    elif job["job_name"] == "artisan-backend" and rendering.token:
        file = run / "secrets" / "monitoring-token"
        _write(file, rendering.token, mode=0o600)
        job["authorization"] = {"credentials_file": str(file)}


def _receivers(alertmanager: dict[str, Any], source: Path, run: Path, rendering: Rendering) -> None:
    locate(alertmanager, source)
    if rendering.mail:
        password = run / "secrets" / "smtp-password"
        through(rendering.mail, alertmanager, password)
        if rendering.mail.username:
            _write(password, rendering.mail.password, mode=0o600)
    else:
        drop_dead_mails(alertmanager)
    if rendering.webhook:
        called(alertmanager, "webhook", rendering.webhook, send_resolved=True)
    if rendering.heartbeat:
        # That Watchdog is over is no beat.
        called(alertmanager, "heartbeat", rendering.heartbeat, send_resolved=False)


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _yaml(content: object) -> str:
    return yaml.safe_dump(content, sort_keys=False)


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    # With its rights from the start: a file that is first open to all and closed later has been open.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
