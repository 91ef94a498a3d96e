"""What a rehearsal asks of Alertmanager."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from artisan.drill.clients import web


@dataclass(frozen=True)
class Received:
    """An alert that Alertmanager has."""

    labels: Mapping[str, str]
    receivers: tuple[str, ...]
    inhibited_by: tuple[str, ...]
    """Fingerprints of the alerts that hold it back."""
    silenced_by: tuple[str, ...]
    fingerprint: str

    @property
    def name(self) -> str:
        """Its alertname."""
        return self.labels.get("alertname", "")


class Alertmanager:
    """Its HTTP API. Every method raises web.NoAnswer."""

    def __init__(self, address: str) -> None:
        self.url = f"http://{address}"

    async def alerts(self) -> list[Received]:
        """All that it has and that are not over."""
        return [
            Received(
                labels=each["labels"],
                receivers=tuple(receiver["name"] for receiver in each["receivers"]),
                inhibited_by=tuple(each["status"]["inhibitedBy"]),
                silenced_by=tuple(each["status"]["silencedBy"]),
                fingerprint=each["fingerprint"],
            )
            for each in await web.get_json(f"{self.url}/api/v2/alerts")
        ]

    async def post(self, labels: Mapping[str, str], lasting: float) -> None:
        """Hand it an alert as Prometheus would, over after so many seconds."""
        end = datetime.fromtimestamp(time.time(), UTC) + timedelta(seconds=lasting)
        body = [{"labels": dict(labels), "annotations": {"summary": "An alert of the rehearsal"}}]
        posted = await web.request("POST", f"{self.url}/api/v2/alerts", body=[{**body[0], "endsAt": end.isoformat()}])
        if posted.status != 200:
            raise web.NoAnswer(f"Alertmanager refused an alert: {posted.body[:200].decode('utf-8', 'replace')}")

    async def version(self) -> str:
        """Its version."""
        return str((await web.get_json(f"{self.url}/api/v2/status"))["versionInfo"]["version"])
