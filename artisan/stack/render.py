"""The committed configuration of Prometheus and Alertmanager, with this machine's ports, mail server and secrets."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from artisan.stack.ports import LOOPBACK


@dataclass(frozen=True)
class Mail:
    """The mail server that Alertmanager uses instead of the committed one. Empty addresses leave the committed ones."""

    smarthost: str
    """`host:port`."""
    to: str = ""
    sender: str = ""
    username: str = ""
    """Empty: the server asks for no login."""
    password: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Mail | None:
        """None when ALERT_SMTP_HOST names no server."""
        smarthost = environ.get("ALERT_SMTP_HOST")
        if not smarthost:
            return None
        return cls(
            smarthost,
            to=environ.get("ALERT_EMAIL_TO", ""),
            sender=environ.get("ALERT_EMAIL_FROM", ""),
            username=environ.get("ALERT_SMTP_USERNAME", ""),
            password=environ.get("ALERT_SMTP_PASSWORD", ""),
        )


@dataclass(frozen=True)
class Rendering:
    """What differs from the committed files. Addresses are `host:port`; without Alertmanager nothing is sent there."""

    backend: str
    prometheus: str
    alertmanager: str | None
    mail: Mail | None = None
    token: str = ""
    """The backend's MONITORING_TOKEN."""


def render(source: Path, run: Path, rendering: Rendering) -> None:
    """Write `prometheus.yml`, `alertmanager.yml`, rules, targets and secrets into `run`, replacing what is there."""
    shutil.rmtree(run, ignore_errors=True)
    (run / "targets").mkdir(parents=True)
    (run / "secrets").mkdir(mode=0o700)
    prometheus = _load(source / "prometheus.yml")
    for pattern in prometheus["rule_files"]:
        for rules in sorted(source.glob(pattern)):
            copy = run / rules.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(rules, copy)
    _targets(source, run, "backend", rendering.backend)
    _targets(source, run, "alertmanager", rendering.alertmanager)
    for job in prometheus["scrape_configs"]:
        _scrape(job, run, rendering)
    _dump(run / "prometheus.yml", prometheus)
    alertmanager = _load(source / "alertmanager.yml")
    for receiver in alertmanager["receivers"]:
        _mail(receiver, source, run, rendering.mail)
    _dump(run / "alertmanager.yml", alertmanager)


def sends_mail(run: Path) -> bool:
    """Whether a rendered Alertmanager has a mail server to use."""
    return any("email_configs" in receiver for receiver in _load(run / "alertmanager.yml")["receivers"])


def _targets(source: Path, run: Path, name: str, address: str | None) -> None:
    groups = _load(source / "targets" / f"{name}.yml")
    for group in groups:
        group["targets"] = [address]
    _dump(run / "targets" / f"{name}.yml", groups if address else [])


def _scrape(job: dict[str, Any], run: Path, rendering: Rendering) -> None:
    if job["job_name"] == "prometheus":
        for group in job["static_configs"]:
            group["targets"] = [rendering.prometheus]
    elif job["job_name"] == "artisan-backend" and rendering.token:
        file = _secret(run / "secrets" / "monitoring-token", rendering.token)
        job["authorization"] = {"credentials_file": file}


def _mail(receiver: dict[str, Any], source: Path, run: Path, mail: Mail | None) -> None:
    """Change a receiver's mails, or take out those that no server would accept, because their password is nowhere."""
    emails = receiver.pop("email_configs", [])
    if mail:
        emails = [_through(mail, email, run) for email in emails]
    else:
        emails = [_located(email, source) for email in emails]
        emails = [email for email in emails if Path(email.get("auth_password_file", source)).exists()]
    if emails:
        receiver["email_configs"] = emails


def _through(mail: Mail, email: dict[str, Any], run: Path) -> dict[str, Any]:
    changed = {key: value for key, value in email.items() if not key.startswith("auth_")}
    changed["smarthost"] = mail.smarthost
    # A server on this machine is reached over no network, and seldom has a certificate.
    changed["require_tls"] = mail.smarthost.rpartition(":")[0] not in {LOOPBACK, "localhost"}
    if mail.to:
        changed["to"] = mail.to
    if mail.sender:
        changed["from"] = mail.sender
    if mail.username:
        changed["auth_username"] = mail.username
        changed["auth_password_file"] = _secret(run / "secrets" / "smtp-password", mail.password)
    return changed


def _located(email: dict[str, Any], source: Path) -> dict[str, Any]:
    """The same, naming its password file from the root, because the rendered file lies elsewhere."""
    if "auth_password_file" not in email:
        return email
    return {**email, "auth_password_file": str(source / email["auth_password_file"])}


def _secret(path: Path, value: str) -> str:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(value)
    return str(path)


def _load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _dump(path: Path, content: object) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
