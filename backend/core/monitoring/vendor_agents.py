"""Agents of vendors that were started around this program, by `ddtrace-run` or `newrelic-admin`.

They trace by themselves, and keep their spans where OpenTelemetry does not look. An agent is asked only if it is loaded
by the time the service is built: one that comes later would see nothing, and who has none pays nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TypeAlias

from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, TraceFlags
from starlette.types import Scope

from .current_span import look_elsewhere
from .tracing.request_span import start_request_span

STOP_SECONDS = 3.0
_Find: TypeAlias = Callable[[], SpanContext | None]
_Start: TypeAlias = Callable[[Scope, Mapping[bytes, bytes]], Span | None]


def follow_vendor_agent() -> _Start:
    """Let log lines and exemplars point to the spans of the agent that is loaded, from now on.

    Gives what finds the span of a request at its begin: ours, or else the one that it has begun in.
    """
    if "ddtrace.trace" in sys.modules:
        look_elsewhere(_datadog())  # it begins its spans beneath us, and is in one while our lines are written
    elif "newrelic.config" in sys.modules:
        find = _new_relic()
        look_elsewhere(find)  # with several workers it begins them beneath us, too
        return _ours_or(find)
    return start_request_span


def stop_vendor_agent() -> None:
    """Let the agent send what it has, for three seconds at most; blocks.

    New Relic's does so at the exit of the interpreter, which a SIGTERM forestalls. Datadog's listens to the signal.
    """
    if "newrelic.config" in sys.modules:
        from newrelic.agent import shutdown_agent  # noqa: PLC0415 - only who runs it has it

        shutdown_agent(timeout=STOP_SECONDS)


def _datadog() -> _Find:
    from ddtrace.trace import tracer  # noqa: PLC0415 - it is loaded

    def find() -> SpanContext | None:
        span = tracer.current_span()
        if span is None:
            return None
        kept = span.context.sampling_priority  # decided when the trace is sent, unless the caller has done so
        return _ids(span.trace_id, span.span_id, sampled=kept is None or kept > 0)

    return find


def _new_relic() -> _Find:
    from newrelic.agent import current_trace  # noqa: PLC0415 - it is loaded

    def find() -> SpanContext | None:
        span = current_trace()
        transaction = None if span is None else span.transaction
        if transaction is None:
            return None
        # Decided at its end, and by default ten a minute are kept: nothing is promised before.
        return _ids(int(transaction.trace_id, 16), int(span.guid, 16), sampled=bool(transaction.sampled))

    return find


def _ours_or(find: _Find) -> _Start:
    """Around us, New Relic's transaction ends with the last byte, ahead of the request's line: it keeps the ids."""

    def start(scope: Scope, headers: Mapping[bytes, bytes]) -> Span | None:
        span = start_request_span(scope, headers)
        if span is None and (around := find()) is not None:
            return NonRecordingSpan(around)
        return span

    return start


def _ids(trace_id: int, span_id: int, *, sampled: bool) -> SpanContext:
    return SpanContext(trace_id, span_id, is_remote=False, trace_flags=TraceFlags(int(sampled)))
