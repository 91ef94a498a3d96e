"""alertmanager: does it run, with the configuration that it was given last, and did its notifications arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator

from artisan.doctor.asking import NoAnswer, ask_json, base, is_here, samples
from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm
from artisan.doctor.patient import Patient
from artisan.doctor.secrets import shown

_UNTOLD = "Alarms ring on Prometheus' pages, and nobody is told."


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Whether what answers is Alertmanager, and what it counts of itself."""
    url = base(patient.settings.alertmanager_url)
    start = "make up" if is_here(url) else f"curl -sS {shown(url)}/-/ready"
    harm = Harm.ERROR if patient.is_production or patient.has_chosen("alertmanager_url") else Harm.WARNING
    try:
        status = await ask_json(patient, f"{url}/api/v2/status")
    except NoAnswer as reason:
        yield Finding(harm, f"Alertmanager at {shown(url)} {reason}.", _UNTOLD, start)
        return
    if not isinstance(status, dict) or "config" not in status:
        yield Finding(harm, f"What answers at {shown(url)} is not Alertmanager.", _UNTOLD, start)
        return
    if any(value == 0 for _, value in await samples(patient, url, "alertmanager_config_last_reload_successful")):
        yield Finding(
            Harm.ERROR,
            "Alertmanager could not read its configuration when it was told to read it again.",
            "It goes on with the old one, and at its next start it does not start.",
            "amtool check-config monitoring/alertmanager.yml",
        )
    async for finding in _notifications(patient, url):
        yield finding


CHECK = Check("alertmanager", examine, needs=("alertmanager_url",))


async def _notifications(patient: Patient, url: str) -> AsyncIterator[Finding]:
    """The counters rise from its start on, and do not tell when."""
    tried = {labels["integration"]: n for labels, n in await samples(patient, url, "alertmanager_notifications_total")}
    failed: dict[str, float] = {}
    # Newer versions count each reason apart.
    for labels, count in await samples(patient, url, "alertmanager_notifications_failed_total"):
        failed[labels["integration"]] = failed.get(labels["integration"], 0.0) + count
    for integration, lost in failed.items():
        if lost:
            every = lost >= tried.get(integration, 0.0)
            times = "every one" if every else f"{lost:g} of {tried[integration]:g}"
            yield Finding(
                Harm.ERROR if every else Harm.WARNING,
                f"Alertmanager could not deliver by {integration}: {times} of its notifications since it started"
                " has failed."
                if every
                else f"Alertmanager could not deliver {times} notifications by {integration} since it started.",
                "Alarms are lost on the last step." if every else "Some alarms came late, or not at all.",
                f"curl -sS {shown(url)}/metrics | grep notifications_failed",
            )
