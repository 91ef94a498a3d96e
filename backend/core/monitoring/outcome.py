"""What became of one request: the values that its counter, its histograms and its log line share."""

from __future__ import annotations

from typing import Any, NamedTuple

from opentelemetry.trace import SpanContext

from .metrics.catalogue import Method

CLIENT_CLOSED_REQUEST = 499  # nginx's number for a client that left before it had its answer


class Outcome(NamedTuple):
    """What is known about a request when its last byte is out, or when none will follow; sizes in bytes of body."""

    method: Method
    endpoint: str
    status: int
    seconds: float
    received: int
    sent: int
    broken: bool
    span: SpanContext | None
    """The span that its last byte was sent in."""

    def as_fields(self) -> dict[str, Any]:
        """The fields of the request's log line."""
        method, endpoint, status, seconds, received, sent, _, _ = self
        return {
            "method": method,
            "endpoint": endpoint,
            "status": status,
            "duration_seconds": round(seconds, 6),
            "request_size_bytes": received,
            "response_size_bytes": sent,
        }
