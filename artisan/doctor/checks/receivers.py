"""receivers: whom Alertmanager tells, as the configuration says that it runs with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

import yaml

from artisan.doctor.asking import alertmanager_says, is_here
from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm, Skipped
from artisan.doctor.mail_servers import emails, host_of
from artisan.doctor.patient import Patient
from artisan.stack.receivers import reached

_FILE = "monitoring/alertmanager.yml"
_OF_THE_GUIDE = {"your-email@gmail.com": "you@example.org", "alerts@artisanhub.com": "you@example.org"}


@dataclass(frozen=True)
class Stop:
    """A place in the tree of routes where alerts end."""

    receiver: str
    is_for_watchdog: bool


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Where alerts end that nobody is told of, and addresses that are nobody's."""
    config = yaml.safe_load((await alertmanager_says(patient, "status"))["config"]["original"])
    if not isinstance(config, dict) or "route" not in config:
        raise Skipped("Alertmanager does not tell its configuration")
    for finding in (*_dead_ends(patient, config), *_placeholders(config), *_password_files(patient, config)):
        yield finding


CHECK = Check("receivers", examine, needs=("alertmanager_url",))


def _dead_ends(patient: Patient, config: Mapping[str, Any]) -> Iterator[Finding]:
    stops, telling = list(_stops(config["route"], "", for_watchdog=False)), reached(config)
    ends = {stop.receiver for stop in stops if not stop.is_for_watchdog} - telling
    for receiver in sorted(ends):
        yield Finding(
            Harm.ERROR,
            f"Alarms end at the receiver {receiver!r}, which tells nobody.",
            "They ring, and nobody hears them.",
            f"{patient.line('ALERT_SMTP_HOST', 'mail.example.org:587')} && make up",
        )
    if not any(stop.is_for_watchdog and stop.receiver in telling for stop in stops):
        yield Finding(
            Harm.WARNING if patient.is_production else Harm.NOTE,
            "No heartbeat leaves this machine.",
            "Nobody elsewhere would notice if it died, with all of its alarms.",
            patient.line("ALERT_HEARTBEAT_URL", "https://hc-ping.com/your-check"),
        )


def _stops(route: Mapping[str, Any], inherited: str, *, for_watchdog: bool) -> Iterator[Stop]:
    """The ends of a route and those below it; a route that goes on to its siblings is no end."""
    receiver = route.get("receiver", inherited)
    for_watchdog = for_watchdog or "Watchdog" in str([route.get("matchers"), route.get("match"), route.get("match_re")])
    below = route.get("routes") or []
    for child in below:
        yield from _stops(child, receiver, for_watchdog=for_watchdog)
    if not route.get("continue") and not any(_takes_all(child) for child in below):
        yield Stop(receiver, for_watchdog)


def _takes_all(route: Mapping[str, Any]) -> bool:
    return not (route.get("matchers") or route.get("match") or route.get("match_re")) and not route.get("continue")


def _placeholders(config: Mapping[str, Any]) -> Iterator[Finding]:
    """The guide's own addresses, on a server that would send to them."""
    for email in emails(config):
        if host_of(email["smarthost"]) in {"127.0.0.1", "localhost"}:
            yield Finding(
                Harm.NOTE,
                "Mails go to a mail server of this machine.",
                "Where that is the mailbox of `make up`, alarms are read at http://localhost:8025 alone.",
                "xdg-open http://localhost:8025",
            )
            return
        for key in ("to", "from", "auth_username"):
            for placeholder, own in _OF_THE_GUIDE.items():
                if placeholder in str(email.get(key, "")):
                    yield Finding(
                        Harm.ERROR,
                        f"Mails have the guide's own address as their {key!r}: {placeholder}.",
                        "They are refused, or told to a stranger: nobody hears the alarms.",
                        f"sed -i.bak 's/{placeholder}/{own}/' {_FILE}",
                    )


def _password_files(patient: Patient, config: Mapping[str, Any]) -> Iterator[Finding]:
    """Those whose place can be known: named from the root, for an Alertmanager of this machine."""
    for email in emails(config):
        file = Path(str(email.get("auth_password_file") or ""))
        if file.is_absolute() and is_here(patient.settings.alertmanager_url) and not file.exists():
            yield Finding(
                Harm.ERROR,
                f"The password of the mail server is to be in {file}, which is not there.",
                "No mail can be sent.",
                f"install -m 600 /dev/stdin {quote(str(file))}",
            )
