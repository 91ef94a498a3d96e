"""rules: has Prometheus alerting rules, and can it evaluate all of its rules."""

from __future__ import annotations

from collections.abc import AsyncIterator

from artisan.doctor.asking import prometheus_says
from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm
from artisan.doctor.patient import Patient


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Each rule whose last evaluation failed."""
    groups = (await prometheus_says(patient, "rules"))["groups"]
    if not any(rule["type"] == "alerting" for group in groups for rule in group["rules"]):
        yield Finding(
            Harm.ERROR,
            "Prometheus has no alerting rules.",
            "No alarm can ring.",
            "promtool check config monitoring/prometheus.yml",
        )
    for group in groups:
        for rule in group["rules"]:
            if rule["health"] == "err":
                error = " ".join(rule.get("lastError", "no reason given").split()).rstrip(".")
                kind = "alarm" if rule["type"] == "alerting" else "recording rule"
                what = f"Prometheus cannot evaluate the {kind} {rule['name']} of {group['file']}: {error}."
                means = "It cannot ring." if kind == "alarm" else "What rests on it, alarms or panels, has no data."
                yield Finding(Harm.ERROR, what, means, f"promtool check rules {group['file']}")


CHECK = Check("rules", examine, needs=("prometheus_url",))
