"""token: may anybody read the metrics."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from shlex import quote

from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm
from artisan.doctor.patient import Patient


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Whether a service that people depend on shows its metrics to other machines without a token."""
    settings = patient.settings
    if not patient.is_production or settings.monitoring_token.get_secret_value() or _is_loopback(settings.host):
        return
    yield Finding(
        Harm.WARNING,
        f"The service listens on {settings.host} in {settings.environment}, and MONITORING_TOKEN is empty.",
        "Whoever reaches the port reads the metrics: traffic, spending, models.",
        f'echo "MONITORING_TOKEN=$(openssl rand -hex 32)" >> {quote(str(patient.env_file))}',
    )


CHECK = Check("token", examine, needs=("host", "environment", "monitoring_token"))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
