"""clock: does this machine have the same time as those that it works with."""

from __future__ import annotations

import asyncio
import ctypes
import sys
import time
from collections.abc import AsyncIterator, Iterator
from email.utils import parsedate_to_datetime

from artisan.doctor.asking import NoAnswer, ask, base, is_here
from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm
from artisan.doctor.patient import Patient
from artisan.doctor.secrets import shown
from backend.core.errors import ConfigError
from backend.llm.providers import chosen_endpoints

_SLIGHT, _GROSS = 5.0, 60.0  # seconds
_SYNC = "timedatectl set-ntp true"
_NOT_SYNCHRONISED = 5  # TIME_ERROR, adjtimex(2)


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """The `Date` of each answer, against the time at which it came."""
    peers = list(_peers(patient))
    skews = [skew for skew in await asyncio.gather(*(_skew(patient, url) for url in peers)) if skew is not None]
    for url, seconds in skews:
        if abs(seconds) > _SLIGHT:
            order = "behind" if seconds > 0 else "ahead of"
            yield Finding(
                Harm.ERROR if abs(seconds) > _GROSS else Harm.WARNING,
                f"This machine's clock is {abs(seconds):.0f} s {order} that of {shown(url)}.",
                "Log lines, metrics and alarms tell different times, and past minutes alarms count as over at once.",
                _SYNC,
            )
    # In a container the clock is the machine's, and so it is where everybody asked is at home.
    if all(is_here(url) for url, _ in skews) and _is_drifting():
        yield Finding(
            Harm.NOTE,
            "Nothing keeps this machine's clock right, as far as its kernel knows.",
            "It drifts by seconds a week; in a container that is the business of the machine beneath.",
            _SYNC,
        )


CHECK = Check("clock", examine)


def _peers(patient: Patient) -> Iterator[str]:
    settings = patient.settings
    yield f"{base(settings.prometheus_url)}/-/ready"
    yield f"{base(settings.alertmanager_url)}/-/ready"
    try:
        yield from (f"{base(endpoint.base_url)}/models" for endpoint in chosen_endpoints(settings))
    except ConfigError:
        return


async def _skew(patient: Patient, url: str) -> tuple[str, float] | None:
    """By how many seconds the other is ahead; a `Date` has no more than whole seconds."""
    sent = time.time()
    try:
        answer = await ask(patient, url)
        told = parsedate_to_datetime(answer.headers["date"]).timestamp() + 0.5
    except (NoAnswer, KeyError, ValueError):
        return None
    return url, told - (sent + time.time()) / 2


def _is_drifting() -> bool:
    """What the kernel knows of NTP; False where it does not tell."""
    if not sys.platform.startswith("linux"):
        return False
    question = ctypes.create_string_buffer(512)  # struct timex; with modes = 0 nothing is set
    return bool(ctypes.CDLL(None).adjtimex(question) == _NOT_SYNCHRONISED)
