"""Who is told of an alert: the `ALERT_*` settings, put into the receivers of alertmanager.yml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from artisan.stack.ports import LOOPBACK


class BadSetting(Exception):
    """A setting cannot be used; the message names it and says what is allowed."""


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
    def from_environment(cls, environ: Mapping[str, str], mailbox: str | None) -> Mail | None:
        """The server that ALERT_SMTP_HOST names, else `mailbox` (`host:port`), else None. Raises BadSetting."""
        to, sender = environ.get("ALERT_EMAIL_TO", ""), environ.get("ALERT_EMAIL_FROM", "")
        smarthost = environ.get("ALERT_SMTP_HOST", "")
        if not smarthost:
            return cls(mailbox, to, sender) if mailbox else None
        host, _, port = smarthost.rpartition(":")
        if not host or not port.isdecimal():
            raise BadSetting(f"ALERT_SMTP_HOST={smarthost!r}: must be host:port, such as mail.example.org:587")
        login = environ.get("ALERT_SMTP_USERNAME", ""), environ.get("ALERT_SMTP_PASSWORD", "")
        return cls(smarthost, to, sender, *login)


def url(environ: Mapping[str, str], key: str) -> str:
    """The address that a setting holds, or nothing. Raises BadSetting, without the value, which can hold a password."""
    value = environ.get(key, "")
    if value and not _is_url(value):
        raise BadSetting(f"{key}: must be a whole address, such as https://example.org/path (the value is not shown)")
    return value


def reached(alertmanager: Mapping[str, Any]) -> set[str]:
    """The names of the receivers through which somebody is told."""
    return {
        receiver["name"]
        for receiver in alertmanager["receivers"]
        if any(configs for key, configs in receiver.items() if key.endswith("_configs"))
    }


def locate(alertmanager: Mapping[str, Any], source: Path) -> None:
    """Name the files with passwords and addresses from the root; Alertmanager would look for them where it runs."""
    for receiver in alertmanager["receivers"]:
        for config in (config for key, configs in receiver.items() if key.endswith("_configs") for config in configs):
            config.update({key: str(source / value) for key, value in config.items() if key.endswith("_file")})


def drop_dead_mails(alertmanager: Mapping[str, Any]) -> None:
    """Take out the mails that no server would accept, because their password is nowhere."""
    for receiver in alertmanager["receivers"]:
        emails = [email for email in receiver.pop("email_configs", []) if _has_password(email)]
        if emails:
            receiver["email_configs"] = emails


def through(mail: Mail, alertmanager: Mapping[str, Any], password_file: Path) -> None:
    """Send all mails through this server. The caller writes the password file."""
    changed: dict[str, Any] = {"smarthost": mail.smarthost}
    # A server on this machine is reached over no network, and seldom has a certificate.
    changed["require_tls"] = mail.smarthost.rpartition(":")[0] not in {LOOPBACK, "localhost"}
    changed |= {key: value for key, value in (("to", mail.to), ("from", mail.sender)) if value}
    if mail.username:
        changed |= {"auth_username": mail.username, "auth_password_file": str(password_file)}
    for receiver in alertmanager["receivers"]:
        for email in receiver.get("email_configs", []):
            for key in [key for key in email if key.startswith("auth_")]:
                del email[key]
            email.update(changed)


def called(alertmanager: Mapping[str, Any], name: str, address: str, *, send_resolved: bool) -> None:
    """Let the receiver of that name call an address."""
    for receiver in alertmanager["receivers"]:
        if receiver["name"] == name:
            receiver["webhook_configs"] = [{"url": address, "send_resolved": send_resolved}]


def _has_password(email: Mapping[str, Any]) -> bool:
    return "auth_password_file" not in email or Path(email["auth_password_file"]).exists()


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and value.split() == [value]
        )
    except ValueError:
        return False
