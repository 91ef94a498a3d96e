"""scrape: does Prometheus watch the backend, and does it get an answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from artisan.doctor.asking import prometheus_says
from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm
from artisan.doctor.patient import Patient
from artisan.doctor.service_address import service_address

JOB = "artisan-backend"
_BLIND = "None of the backend's metrics arrive, and of its alarms only ServiceUnavailable can ring."
_LOCKED = f"{_BLIND} The comment beside the job in monitoring/prometheus.yml says how it gets the token."


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Each target of the job that all alarms select."""
    targets = [
        target
        for target in (await prometheus_says(patient, "targets", state="active"))["activeTargets"]
        if target["labels"].get("job") == JOB
    ]
    if not targets:
        address = service_address(patient.settings).removeprefix("http://")
        yield Finding(
            Harm.ERROR,
            f"Prometheus has no target in the job {JOB}.",
            "None of the backend's metrics arrive, and none of its alarms can ring.",
            f"echo \"[{{targets: ['{address}']}}]\" > monitoring/targets/backend.yml",
        )
    for target in targets:
        if target["health"] == "down":
            what = f"Prometheus gets no metrics from {target['scrapeUrl']}: {target['lastError']}."
            yield Finding(Harm.ERROR, what, _LOCKED if _is_refused(target) else _BLIND, _mend(target))
        elif target["health"] == "unknown":
            what = f"Prometheus has not scraped {target['scrapeUrl']} yet."
            means = "It does so within its scrape interval; until then nothing is known."
            yield Finding(Harm.NOTE, what, means, f"curl -sS {target['scrapeUrl']}")


CHECK = Check("scrape", examine, needs=("prometheus_url",))


def _is_refused(target: Mapping[str, Any]) -> bool:
    return "401" in target["lastError"]


def _mend(target: Mapping[str, Any]) -> str:
    if _is_refused(target):
        return 'printf %s "$MONITORING_TOKEN" > monitoring/secrets/monitoring-token'
    if "refused" in target["lastError"]:
        return "make up"
    return f"curl -sS {target['scrapeUrl']}"
