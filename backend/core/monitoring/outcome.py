"""What became of one request: the values that its counter, its histograms and its log line share."""

from __future__ import annotations

from typing import Any, NamedTuple

from opentelemetry.trace import SpanContext

from .exemplar_trace import exemplar_trace
from .request_kind import Kind

CLIENT_CLOSED_REQUEST = 499  # nginx's number for a client that left before it had its answer


class Outcome(NamedTuple):
    """What is known about a request when its last byte is out, or when none will follow; sizes in bytes of body."""

    kind: Kind
    seconds: float
    received: int
    sent: int
    broken: bool
    span: SpanContext | None
    """The span that its last byte was sent in."""

    def record(self) -> None:
        """Count it, if its kind is counted."""
        kind, seconds, received, sent, broken, span = self
        if kind.counted is not None:
            kind.counted.request.record(seconds, received, sent, trace=exemplar_trace(span))
            if broken:
                kind.counted.broken.inc()

    def as_fields(self) -> dict[str, Any]:
        """The fields of the request's log line."""
        return {
            "method": self.kind.method,
            "endpoint": self.kind.endpoint,
            "status": self.kind.status,
            "duration_seconds": round(self.seconds, 6),
            "request_size_bytes": self.received,
            "response_size_bytes": self.sent,
        }
