"""The span that the running code is in, whoever started it: what log lines and exemplars point to."""

from __future__ import annotations

from opentelemetry.context import get_current
from opentelemetry.trace import SpanContext, get_current_span


def current_span() -> SpanContext | None:
    """Its ids; None outside of a span."""
    context = get_current()
    if not context:  # the usual answer, where nobody traces
        return None
    span = get_current_span(context).get_span_context()
    return span if span.is_valid else None
