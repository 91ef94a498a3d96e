"""Which trace an observation is an exemplar of."""

from __future__ import annotations

from opentelemetry.trace import SpanContext

from .metrics.exemplars import Trace


def exemplar_trace(span: SpanContext | None) -> Trace | None:
    """That of the span when it is sampled; None when nothing will be kept that could be looked up."""
    return Trace(span.trace_id, span.span_id) if span is not None and span.trace_flags.sampled else None
