"""Starting and ending spans. Nothing here costs more than a look at a variable while nobody traces.

A span is never current by itself: `current(span)` makes it so for a block that does not yield. Held across a `yield` it
would become the parent of whatever its consumer does meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import Token
from typing import NamedTuple, TypeAlias

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import (
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    TracerProvider,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from backend.core.monitoring.request_id import request_id_var
from backend.core.monitoring.status import Status, status_of

Value: TypeAlias = str | bool | int | float | list[str]
Attributes: TypeAlias = Mapping[str, Value]

# Not the baggage: what clients send along is not for the vendors that we ask.
W3C = TraceContextTextMapPropagator()
_tracer: Tracer | None = None


class Work(NamedTuple):
    """What a kind of execution is called in a trace, by OpenTelemetry's semantic conventions."""

    name: str
    kind: SpanKind
    attributes: Attributes
    first_item: str | None = None
    """The attribute for the seconds until the first item of a stream."""
    alone: bool = True
    """Whether it tells anything outside of all others: a statement that no request has asked for does not."""


def configure_tracing(provider: TracerProvider | None) -> None:
    """Record spans with the tracers of this provider from now on; None stops it."""
    global _tracer  # noqa: PLW0603 - like a log's output, it is one for the process
    _tracer = None if provider is None else provider.get_tracer(__package__ or __name__)


def start_span(work: Work, parent: Context | None = None) -> Span | None:
    """A span below `parent`, by default the current one; None while nobody traces."""
    if _tracer is None or not (work.alone or get_current_span(parent).get_span_context().is_valid):
        return None
    attributes = dict(work.attributes)
    request_id = request_id_var.get()
    if request_id is not None:
        attributes["request_id"] = request_id
    return _tracer.start_span(work.name, parent, work.kind, attributes)


def end_span(span: Span | None, status: Status, error: BaseException | str | None = None) -> None:
    """End it with the word that its counter has for it; an error is an exception or the name of its kind.

    The exception's text stays out: it may repeat what somebody wrote. Its redacted log line carries the span's ids.
    """
    if span is None:
        return
    span.set_attribute("status", status)
    if status in {"error", "timeout"}:
        span.set_status(StatusCode.ERROR)
        kind = error if isinstance(error, str) else type(error).__qualname__ if error is not None else status
        span.set_attribute("error.type", kind)
    span.end()


@contextmanager
def spanning(work: Work, parent: Span | None = None) -> Iterator[Span | None]:
    """A span around a block, below `parent` or else the current one; within the block it is not current by itself."""
    if _tracer is None:
        yield None
        return
    span = start_span(work, None if parent is None else set_span_in_context(parent))
    try:
        yield span
    except BaseException as error:
        end_span(span, status_of(error), error)
        raise
    end_span(span, "success")


def note(attributes: Attributes) -> None:
    """Add to the current span, if it is recorded."""
    if _tracer is not None:
        get_current_span().set_attributes(attributes)


def trace_headers(span: Span | None) -> dict[str, str]:
    """The W3C headers that make another service go on with this trace."""
    headers: dict[str, str] = {}
    if span is not None:
        W3C.inject(headers, set_span_in_context(span))
    return headers


class current:  # noqa: N801 - read as a verb: `with current(span):`
    """Makes a span current for a block that does not yield; None leaves things as they are."""

    __slots__ = ("_span", "_token")

    def __init__(self, span: Span | None) -> None:
        self._span = span
        self._token: Token[Context] | None = None

    def __enter__(self) -> None:
        if self._span is not None:
            self._token = attach(set_span_in_context(self._span))

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            detach(self._token)
