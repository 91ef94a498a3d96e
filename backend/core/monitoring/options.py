"""What a service tells `Monitoring` about itself."""

from __future__ import annotations

from dataclasses import dataclass

from .health import HealthCheck


@dataclass(frozen=True, slots=True)
class MonitoringOptions:
    """`token` guards the metrics and info pages (`Authorization: Bearer …`); empty leaves them open."""

    version: str = "unknown"
    environment: str = "development"
    commit: str = "unknown"
    checks: tuple[HealthCheck, ...] = ()
    token: str = ""
