"""Where the service listens, seen from this machine."""

from __future__ import annotations

from artisan.doctor.asking import NoAnswer, ask_json
from artisan.doctor.patient import Patient
from backend.core.config import Settings

_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  nothing is bound here


def service_address(settings: Settings) -> str:
    """Its URL without a path."""
    host = _ANYWHERE.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{settings.port}"


async def is_our_service(patient: Patient) -> bool:
    """Whether what listens there is a service with our monitoring."""
    try:
        answer = await ask_json(patient, f"{service_address(patient.settings)}/monitoring/health/live")
    except NoAnswer:
        return False
    return bool(answer == {"status": "alive"})
