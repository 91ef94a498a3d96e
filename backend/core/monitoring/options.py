"""What a service tells `Monitoring` about itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .health import HealthCheck


@dataclass(frozen=True, slots=True)
class MonitoringOptions:
    """`token` guards the metrics and info pages (`Authorization: Bearer …`); empty leaves them open.

    With several workers, `metrics_directory` is a folder that all of them can write to, on a local disk or in memory;
    `service` keeps two services that were given the same folder apart.
    """

    version: str = "unknown"
    environment: str = "development"
    commit: str = "unknown"
    checks: tuple[HealthCheck, ...] = ()
    token: str = ""
    service: str = ""
    metrics_directory: Path | None = None
