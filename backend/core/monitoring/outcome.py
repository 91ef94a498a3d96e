"""What became of one request: the values that its counter, its histograms and its log line share."""

from __future__ import annotations

from dataclasses import dataclass

from .metrics.catalogue import Method


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is known about a request when its last byte is out, or when none will follow; sizes in bytes of body."""

    method: Method
    endpoint: str
    status: int
    seconds: float
    received: int
    sent: int
    broken: bool

    def as_fields(self) -> dict[str, str | int | float]:
        """The fields of the request's log line."""
        return {
            "method": self.method,
            "endpoint": self.endpoint,
            "status": self.status,
            "duration_seconds": round(self.seconds, 6),
            "request_size_bytes": self.received,
            "response_size_bytes": self.sent,
        }
