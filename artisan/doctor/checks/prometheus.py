"""prometheus: does it run, and with the configuration that it was given last."""

from __future__ import annotations

from collections.abc import AsyncIterator

from artisan.doctor.asking import NoAnswer, ask_json, base, is_here, samples
from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm
from artisan.doctor.patient import Patient
from artisan.doctor.secrets import shown

_DEAF = "No metric is kept and no alarm can ring."


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Whether what answers is Prometheus, and whether its last reload was taken."""
    url = base(patient.settings.prometheus_url)
    start = "make up" if is_here(url) else f"curl -sS {shown(url)}/-/ready"
    # Where nobody has named one and nobody depends on the service, to have none is a choice.
    harm = Harm.ERROR if patient.is_production or patient.has_chosen("prometheus_url") else Harm.WARNING
    try:
        build = await ask_json(patient, f"{url}/api/v1/status/buildinfo")
    except NoAnswer as reason:
        yield Finding(harm, f"Prometheus at {shown(url)} {reason}.", _DEAF, start)
        return
    if not isinstance(build, dict) or "version" not in (build.get("data") or {}):
        yield Finding(harm, f"What answers at {shown(url)} is not Prometheus.", _DEAF, start)
        return
    if any(value == 0 for _, value in await samples(patient, url, "prometheus_config_last_reload_successful")):
        yield Finding(
            Harm.ERROR,
            "Prometheus could not read its configuration when it was told to read it again.",
            "It goes on with the old one, and at its next start it does not start.",
            "promtool check config monitoring/prometheus.yml",
        )


CHECK = Check("prometheus", examine, needs=("prometheus_url",))
