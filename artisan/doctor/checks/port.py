"""port: a stranger where the service wants to listen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm
from artisan.doctor.patient import Patient
from artisan.doctor.service_address import is_our_service
from artisan.stack import ports


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Whether PORT is free, or the service's own."""
    port = patient.settings.port
    trouble = await asyncio.to_thread(ports.trouble, port)
    if trouble and not await is_our_service(patient):
        another = await asyncio.to_thread(_free_port_after, port)
        yield Finding(
            Harm.CRITICAL,
            f"{trouble[0].upper()}{trouble[1:]}, and what listens there is not this service."
            if "in use" in trouble
            else f"{trouble[0].upper()}{trouble[1:]}.",
            "The service does not start.",
            patient.line("PORT", str(another)),
        )


CHECK = Check("port", examine, needs=("host", "port"))


def _free_port_after(port: int) -> int:
    candidates = range(max(port, 1023) + 1, 65536)
    return next((candidate for candidate in candidates if ports.trouble(candidate) is None), port)
