"""dashboards: does what shows them work, where it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from artisan.doctor.asking import NoAnswer, ask
from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm, Skipped
from artisan.doctor.patient import Patient
from artisan.stack import ports

PORT = 3001


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Grafana, or whatever else has taken its place: there is no setting for it, and none is no fault."""
    url = f"http://localhost:{PORT}"
    if await asyncio.to_thread(ports.trouble, PORT) is None:
        raise Skipped(f"nothing listens at {url}")
    try:
        answer = await ask(patient, f"{url}/api/health")
        trouble = f"answers with HTTP status {answer.status_code}" if answer.is_server_error else ""
    except NoAnswer as reason:
        trouble = str(reason)
    if trouble:
        what = f"What is to show the dashboards at {url} {trouble}."
        yield Finding(Harm.WARNING, what, "Nobody sees them; alarms are not touched.", f"curl -sS {url}/api/health")


CHECK = Check("dashboards", examine)
