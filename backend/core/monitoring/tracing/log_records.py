"""A log line as an OpenTelemetry log record: the same fields, with the ids where a backend looks for them."""

from __future__ import annotations

import time
from typing import Any

from opentelemetry._logs import LoggerProvider, LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.trace import NonRecordingSpan, SpanContext, set_span_in_context

from backend.core.monitoring.log_record import Fields

_SEVERITIES = {
    "debug": SeverityNumber.DEBUG,
    "info": SeverityNumber.INFO,
    "warning": SeverityNumber.WARN,
    "error": SeverityNumber.ERROR,
    "critical": SeverityNumber.FATAL,
}
_ELSEWHERE = frozenset({"timestamp", "level", "event", "trace_id", "span_id"})
_NAMES = {"error_type": "exception.type", "error": "exception.message", "exception": "exception.stacktrace"}
_SENDER = "opentelemetry."  # what the sender says of its own troubles would only be sent along with them


class LogRecords:
    """Hands lines to a logger provider."""

    def __init__(self, provider: LoggerProvider) -> None:
        self._logger = provider.get_logger(__package__ or __name__)

    def take(self, fields: Fields) -> None:
        """Record a line, given as the fields that were written."""
        if str(fields["logger"]).startswith(_SENDER):
            return
        level = fields["level"]
        attributes = {
            _NAMES.get(str(key), str(key)): _plain(value)
            for key, value in fields.items()
            if key not in _ELSEWHERE and value is not None
        }
        self._logger.emit(
            LogRecord(
                timestamp=time.time_ns(),
                context=_context(fields),
                severity_number=_SEVERITIES.get(level, SeverityNumber.INFO),
                severity_text=level.upper(),
                body=fields["event"],
                attributes=attributes,
            )
        )


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | bool | int | float | list | dict) else repr(value)


def _context(fields: Fields) -> Context:
    if fields["trace_id"] is None:
        return Context()
    span = SpanContext(int(fields["trace_id"], 16), int(fields["span_id"], 16), is_remote=False)
    return set_span_in_context(NonRecordingSpan(span), Context())
