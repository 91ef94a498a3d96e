"""The mail servers in a configuration of Alertmanager, as its API shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def emails(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Each mail that a receiver sends, with what the global section says where it says nothing."""
    defaults = config.get("global") or {}
    inherited = {
        "smarthost": defaults.get("smtp_smarthost", ""),
        "from": defaults.get("smtp_from", ""),
        "auth_username": defaults.get("smtp_auth_username", ""),
        "auth_password_file": defaults.get("smtp_auth_password_file", ""),
        "require_tls": defaults.get("smtp_require_tls", True),
    }
    for receiver in config.get("receivers") or []:
        for email in receiver.get("email_configs") or []:
            yield {**inherited, **{key: value for key, value in email.items() if value is not None}}


def host_of(smarthost: str) -> str:
    """The host in `host:port`."""
    return smarthost.rpartition(":")[0].strip("[]")


def port_of(smarthost: str) -> int:
    """The port in `host:port`."""
    return int(smarthost.rpartition(":")[2])
