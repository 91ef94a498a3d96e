"""What happened in one request, as OpenTelemetry spans; off until a tracer provider is given.

`spans` starts and ends them, `request_span` makes the one of a request, `content` guards what people wrote,
`environment` reads OTEL_*, `export` sends what was recorded, `losses` counts what was not.
"""

from .content import contents, message
from .spans import Work, configure_tracing, current, end_span, note, spanning, start_span, trace_headers

__all__ = [
    "Work",
    "configure_tracing",
    "contents",
    "current",
    "end_span",
    "message",
    "note",
    "spanning",
    "start_span",
    "trace_headers",
]
