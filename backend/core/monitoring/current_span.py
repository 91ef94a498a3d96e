"""The span that the running code is in, whoever started it: what log lines and exemplars point to."""

from __future__ import annotations

from collections.abc import Callable

from opentelemetry.context import get_current
from opentelemetry.trace import SpanContext, get_current_span

_elsewhere: Callable[[], SpanContext | None] | None = None


def look_elsewhere(find: Callable[[], SpanContext | None] | None) -> None:
    """Ask `find`, too, where OpenTelemetry has no span: a tracer that keeps its spans to itself; None stops it."""
    global _elsewhere  # noqa: PLW0603 - like a log's output, it is one for the process
    _elsewhere = find


def current_span() -> SpanContext | None:
    """Its ids; None outside of a span."""
    context = get_current()
    if context:  # seldom, where nobody traces with OpenTelemetry
        span = get_current_span(context).get_span_context()
        if span.is_valid:
            return span
    return None if _elsewhere is None else _elsewhere()
