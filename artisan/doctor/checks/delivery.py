"""delivery: does Prometheus know an Alertmanager to tell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from artisan.doctor.asking import prometheus_says
from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm
from artisan.doctor.patient import Patient


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Whether it has found one; whether that one answers is the next check's question."""
    if not (await prometheus_says(patient, "alertmanagers"))["activeAlertmanagers"]:
        address = urlsplit(patient.settings.alertmanager_url).netloc.rpartition("@")[2]
        yield Finding(
            Harm.ERROR,
            "Prometheus knows no Alertmanager.",
            "Alarms ring on Prometheus' own pages, and nobody is told.",
            f"echo \"[{{targets: ['{address}']}}]\" > monitoring/targets/alertmanager.yml",
        )


CHECK = Check("delivery", examine, needs=("prometheus_url", "alertmanager_url"))
