"""A tracer that records with as little work as a request can spare; sampler, queue and exporter are the SDK's.

The SDK's own span checks each attribute under a lock, which costs several times what recording it does. Ours come from
the code of this package and have bounded sizes, so they are kept as they are given.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from random import getrandbits
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.sampling import Decision, Sampler
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    TracerProvider,
    get_current_span,
    use_span,
)
from opentelemetry.util.types import Attributes, AttributeValue

_SAMPLED, _NOT_SAMPLED = TraceFlags(TraceFlags.SAMPLED), TraceFlags(TraceFlags.DEFAULT)
_UNSET = Status()
_EVENTS = 128  # as many as OpenTelemetry allows by default


class RecordedSpan(Span):
    """A span that is handed to a processor when it has ended; what comes later is ignored, as the API asks."""

    __slots__ = ("_attributes", "_context", "_events", "_kind", "_name", "_parent", "_recorder", "_started", "_status")

    def __init__(
        self, recorder: Recorder, name: str, context: SpanContext, *, parent: SpanContext | None, kind: SpanKind
    ) -> None:
        self._recorder: Recorder | None = recorder
        self._name, self._context, self._parent, self._kind = name, context, parent, kind
        self._attributes: dict[str, AttributeValue] = {}
        self._events: list[Event] = []
        self._status = _UNSET
        self._started = time.time_ns()

    def get_span_context(self) -> SpanContext:
        """Its ids."""
        return self._context

    def is_recording(self) -> bool:
        """Until it has ended."""
        return self._recorder is not None

    def set_attributes(self, attributes: Mapping[str, AttributeValue]) -> None:
        """Add or replace several."""
        self._attributes.update(attributes)

    def set_attribute(self, key: str, value: AttributeValue) -> None:
        """Add or replace one."""
        self._attributes[key] = value

    def add_event(self, name: str, attributes: Attributes = None, timestamp: int | None = None) -> None:
        """Note what happened at a moment."""
        if len(self._events) < _EVENTS:
            self._events.append(Event(name, attributes, timestamp))

    def update_name(self, name: str) -> None:
        """Replace the name."""
        self._name = name

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """Say whether it failed."""
        self._status = status if isinstance(status, Status) else Status(status, description)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Attributes = None,
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Note its class; its text may repeat what somebody wrote."""
        kind = type(exception).__qualname__
        named: dict[str, AttributeValue] = {"exception.type": kind, "exception.escaped": escaped}
        self.add_event("exception", {**(attributes or {}), **named}, timestamp)

    def end(self, end_time: int | None = None) -> None:
        """Hand it over; a second time does nothing."""
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.processor.on_end(
                ReadableSpan(
                    self._name,
                    self._context,
                    self._parent,
                    recorder.resource,
                    self._attributes,
                    self._events,
                    kind=self._kind,
                    status=self._status,
                    start_time=self._started,
                    end_time=end_time or time.time_ns(),
                    instrumentation_scope=recorder.scope,
                )
            )


class Recorder(Tracer):
    """Starts spans: recorded ones, and such as only carry ids where the sampler says no."""

    def __init__(self, provider: RecorderProvider, name: str, version: str | None = None) -> None:
        self.processor, self.resource = provider.processor, provider.resource
        self.scope = InstrumentationScope(name, version)
        self._should_sample = provider.sampler.should_sample

    def start_span(  # noqa: PLR0917 - the API's own
        self,
        name: str,
        context: Context | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        start_time: int | None = None,
        record_exception: bool = True,
        set_status_on_exception: bool = True,
    ) -> Span:
        """As OpenTelemetry's; links are not kept."""
        parent: SpanContext | None = get_current_span(context).get_span_context()
        if parent is not None and parent.is_valid:
            trace_id = parent.trace_id
        else:
            parent, trace_id = None, getrandbits(128) or 1
        sampled = self._should_sample(context, trace_id, name, kind, attributes)
        keep = sampled.decision is Decision.RECORD_AND_SAMPLE
        flags = _SAMPLED if keep else _NOT_SAMPLED
        own = SpanContext(trace_id, getrandbits(64) or 1, False, flags, sampled.trace_state)
        if not keep:
            return NonRecordingSpan(own)
        span = RecordedSpan(self, name, own, parent=parent, kind=kind)
        if start_time is not None:
            span._started = start_time
        if attributes:
            span.set_attributes(attributes)
        return span

    @contextmanager  # unlike the API's, not one that decorates coroutines, too
    def start_as_current_span(self, name: str, *args: Any, **kwargs: Any) -> Iterator[Span]:  # type: ignore[override]
        """The same, current within a block."""
        kwargs.pop("end_on_exit", None)
        with use_span(self.start_span(name, *args, **kwargs), end_on_exit=True) as span:
            yield span


class RecorderProvider(TracerProvider):
    """Gives recorders, all with one sampler, one description of the service and one processor."""

    def __init__(self, sampler: Sampler, resource: Resource, processor: SpanProcessor) -> None:
        self.sampler, self.resource, self.processor = sampler, resource, processor

    def get_tracer(
        self,
        instrumenting_module_name: str,
        instrumenting_library_version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes = None,
    ) -> Recorder:
        """One for the code of this name."""
        return Recorder(self, instrumenting_module_name, instrumenting_library_version)
