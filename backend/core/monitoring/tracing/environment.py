"""The OTEL_* variables, read and checked once: what cannot work stops the start with a sentence.

OpenTelemetry's own parts read the same variables, and fall back in silence where a value makes no sense.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple, Self
from urllib.parse import urlsplit

_SAMPLERS = ("always_on", "always_off", "traceidratio")
SAMPLERS = (*_SAMPLERS, *(f"parentbased_{name}" for name in _SAMPLERS))
_COUNTS = tuple(
    f"OTEL_{of}_{what}"
    for of in ("BSP", "BLRP")
    for what in ("SCHEDULE_DELAY", "MAX_QUEUE_SIZE", "MAX_EXPORT_BATCH_SIZE", "EXPORT_TIMEOUT")
)


class Export(NamedTuple):
    """Which signals are sent: those that have an endpoint and are not switched off."""

    traces: bool
    logs: bool

    @classmethod
    def from_environment(cls) -> Self:
        """Raises ValueError, with a line for each value that cannot work."""
        complaints = list(_complaints())
        if complaints:
            raise ValueError("\n".join(complaints))
        off = _value("OTEL_SDK_DISABLED").lower() == "true"
        return cls(*(not off and _wanted(signal) for signal in ("TRACES", "LOGS")))


def _wanted(signal: str) -> bool:
    endpoint = _value("OTEL_EXPORTER_OTLP_ENDPOINT") or _value(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")
    return bool(endpoint) and _value(f"OTEL_{signal}_EXPORTER", "otlp") != "none"


def _value(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def _complaints() -> Iterable[str]:
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", *(f"OTEL_EXPORTER_OTLP_{s}_ENDPOINT" for s in ("TRACES", "LOGS"))):
        if _value(name) and not _is_address(_value(name)):
            yield f"{name}={_shown(_value(name))}: must be a URL, as in http://127.0.0.1:4318"
    for name in ("OTEL_EXPORTER_OTLP_PROTOCOL", *(f"OTEL_EXPORTER_OTLP_{s}_PROTOCOL" for s in ("TRACES", "LOGS"))):
        yield from _one_of(name, ("http/protobuf",))
    for name in ("OTEL_TRACES_EXPORTER", "OTEL_LOGS_EXPORTER"):
        yield from _one_of(name, ("otlp", "none"))
    yield from _one_of("OTEL_TRACES_SAMPLER", SAMPLERS)
    if _value("OTEL_TRACES_SAMPLER").endswith("traceidratio") and not _is_ratio(_value("OTEL_TRACES_SAMPLER_ARG", "1")):
        yield f"OTEL_TRACES_SAMPLER_ARG={_value('OTEL_TRACES_SAMPLER_ARG')!r}: must be a number from 0 to 1"
    for name in _COUNTS:
        if _value(name) and not (_value(name).isdecimal() and int(_value(name))):
            yield f"{name}={_value(name)!r}: must be a positive whole number"


def _one_of(name: str, allowed: Iterable[str]) -> Iterable[str]:
    if _value(name) and _value(name).lower() not in allowed:
        yield f"{name}={_value(name)!r}: must be one of {', '.join(allowed)}"


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_ratio(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False


def _shown(text: str) -> str:
    return "(secret)" if "@" in text else repr(text)
