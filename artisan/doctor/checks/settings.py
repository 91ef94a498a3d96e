"""settings: what stops the start, and what is misspelt."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from difflib import get_close_matches
from shlex import quote

from dotenv import dotenv_values

from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm
from artisan.doctor.patient import Patient
from artisan.stack.receivers import BadSetting, Mail, url
from backend.core.config import Settings
from backend.core.errors import ConfigError
from backend.core.monitoring.tracing.environment import Export
from backend.llm.providers import chosen_endpoints
from backend.storage import Database, ValkeyCache

_KEY = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_NO_START = "The service does not start."


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Each bad value, and each key that looks like another one misspelt."""
    for field, sentence in patient.refused.items():
        yield Finding(Harm.CRITICAL, f"{sentence}.", _NO_START, patient.without(field.upper()))
    for sentence in _refusals(patient):
        key = _KEY.findall(sentence)[-1]
        mend = patient.line(key, "your-key") if key.endswith("_API_KEY") else patient.without(key)
        yield Finding(Harm.CRITICAL, f"{sentence}.", _NO_START, mend)
    for sentence in _refused_receivers(patient):
        key = _KEY.findall(sentence)[0]
        yield Finding(Harm.ERROR, f"{sentence}.", "`artisan up` does not start.", patient.without(key))
    for key, meant in _misspelt(patient):
        yield Finding(
            Harm.WARNING,
            f"{key} in {patient.env_file} is no setting; is {meant} meant?",
            f"It does nothing, and {meant} has its default.",
            f"sed -i.bak 's/^{key}=/{meant}=/' {quote(str(patient.env_file))}",
        )


CHECK = Check("settings", examine)


def _refusals(patient: Patient) -> Iterator[str]:
    """What the parts of the service say of values that look right one by one."""
    settings, refused = patient.settings, patient.refused
    parts: dict[str, Callable[[], object]] = {
        "database_url": lambda: Database(settings.database_url),
        "redis_url": lambda: settings.redis_url and ValkeyCache(settings.redis_url),
        "llm_providers": lambda: chosen_endpoints(settings),
        "": Export.from_environment,
    }
    for field, part in parts.items():
        if field in refused:
            continue
        try:
            part()
        except (ConfigError, ValueError) as error:
            yield from str(error).splitlines()


def _refused_receivers(patient: Patient) -> Iterator[str]:
    asked: tuple[Callable[[], object], ...] = (
        lambda: Mail.from_environment(patient.environ, None),
        lambda: url(patient.environ, "ALERT_WEBHOOK_URL"),
        lambda: url(patient.environ, "ALERT_HEARTBEAT_URL"),
    )
    for ask in asked:
        try:
            ask()
        except BadSetting as error:
            yield str(error)


def _misspelt(patient: Patient) -> Iterator[tuple[str, str]]:
    """Keys of the file, not of the environment, where anybody's may be."""
    known = [field.upper() for field in Settings.model_fields]
    told = dotenv_values(patient.env_file)
    for key in told:
        close = get_close_matches(key, known, 1, cutoff=0.85)
        if close and key.upper() not in known and close[0] not in told:
            yield key, close[0]
