"""collector: does it take traces and log lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from urllib.parse import unquote

from artisan.doctor.asking import NoAnswer, ask, base
from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm, Skipped
from artisan.doctor.patient import Patient
from artisan.doctor.secrets import shown
from backend.core.monitoring.tracing.environment import Export

_LOST = "Traces are lost; telemetry_dropped_total counts them."


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """Hands over an empty batch, which every collector takes and none keeps."""
    try:
        wanted = Export.from_environment()
    except ValueError:
        raise Skipped("OTEL_* cannot be used as they are, see settings") from None
    addresses = list(_addresses(patient.environ, wanted))
    if not addresses:
        raise Skipped("OTEL_EXPORTER_OTLP_ENDPOINT is empty, so traces go nowhere")
    for finding in await asyncio.gather(*(_hand_over(patient, signal, url) for signal, url in addresses)):
        if finding:
            yield finding


CHECK = Check("collector", examine)


def _addresses(environ: Mapping[str, str], wanted: Export) -> Iterator[tuple[str, str]]:
    for signal, is_wanted in (("traces", wanted.traces), ("logs", wanted.logs)):
        own = environ.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT", "").strip()
        everywhere = base(environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", "").strip())
        if is_wanted and (own or everywhere):
            yield signal, own or f"{everywhere}/v1/{signal}"


async def _hand_over(patient: Patient, signal: str, url: str) -> Finding | None:
    headers = {"Content-Type": "application/x-protobuf", **_headers(patient.environ, signal)}
    means = _LOST if signal == "traces" else "Log lines reach standard output alone."
    look = f"curl -sS -X POST -H 'Content-Type: application/x-protobuf' {shown(url)}"
    try:
        answer = await ask(patient, url, method="POST", headers=headers, content=b"")
    except NoAnswer as reason:
        return Finding(Harm.ERROR, f"The collector of {signal} at {shown(url)} {reason}.", means, look)
    if answer.status_code in {401, 403}:
        what = f"The collector at {shown(url)} refuses {signal} (HTTP status {answer.status_code})."
        mend = patient.line("OTEL_EXPORTER_OTLP_HEADERS", "authorization=your-token")
        return Finding(Harm.ERROR, what, means, mend)
    # An empty batch may be called a bad request by one who reads the same protocol.
    if answer.is_error and answer.status_code != 400:
        what = f"What answers at {shown(url)} takes no {signal} by OTLP/HTTP (HTTP status {answer.status_code})."
        return Finding(Harm.ERROR, what, means, look)
    return None


def _headers(environ: Mapping[str, str], signal: str) -> dict[str, str]:
    text = environ.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_HEADERS") or environ.get("OTEL_EXPORTER_OTLP_HEADERS", "")
    pairs = (pair.partition("=") for pair in text.split(",") if "=" in pair)
    return {name.strip(): unquote(value.strip()) for name, _, value in pairs}
