"""service: what the running service says of itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from artisan.doctor.asking import NoAnswer, ask
from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm, Skipped
from artisan.doctor.patient import Patient
from artisan.doctor.service_address import is_our_service, service_address

_HARMS = {"degraded": Harm.WARNING, "unhealthy": Harm.CRITICAL}
_MEANS = {
    "degraded": "It answers, more slowly or more plainly than it should.",
    "unhealthy": "It says that it is not ready, and gets no requests.",
}


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Whether its health is as it should be."""
    address = service_address(patient.settings)
    if not await is_our_service(patient):
        raise Skipped(f"the service does not run at {address}")
    try:
        health = (await ask(patient, f"{address}/monitoring/health")).json()
    except NoAnswer as reason:
        what = f"The service runs, and its health page {reason}."
        yield Finding(Harm.ERROR, what, "Nobody can tell whether it works.", f"curl {address}/monitoring/health")
        return
    status = health["status"]
    if status in _HARMS:
        yield Finding(
            _HARMS[status],
            f"The running service says that it is {status}: {_complaints(health['checks'])}.",
            _MEANS[status],
            f"curl {address}/monitoring/health",
        )


CHECK = Check("service", examine, needs=("host", "port"))


def _complaints(checks: Mapping[str, Mapping[str, Any]]) -> str:
    ill = {name: check for name, check in checks.items() if check["status"] != "healthy"}
    return "; ".join(f"{name} ({check.get('message') or check['status']})" for name, check in ill.items())
