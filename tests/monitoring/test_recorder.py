"""Our tracer behaves as OpenTelemetry's, so that code which uses its API meets no surprise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased, Sampler, TraceIdRatioBased
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    Tracer,
    get_current_span,
    set_span_in_context,
)

from backend.core.monitoring.tracing.recorder import RecorderProvider

RESOURCE = Resource({"service.name": "shop"})
SAMPLERS = [ALWAYS_ON, ALWAYS_OFF, ParentBased(ALWAYS_ON), ParentBased(ALWAYS_OFF), TraceIdRatioBased(0.5)]


def ours(sampler: Sampler) -> tuple[Tracer, InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    return RecorderProvider(sampler, RESOURCE, SimpleSpanProcessor(exporter)).get_tracer("shop"), exporter


def theirs(sampler: Sampler) -> tuple[Tracer, InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler, RESOURCE, shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("shop"), exporter


def use(tracer: Tracer, parent: SpanContext | None) -> None:
    """A bit of everything that the API has."""
    context = Context() if parent is None else set_span_in_context(NonRecordingSpan(parent), Context())
    span = tracer.start_span("a", context, SpanKind.CLIENT, {"x": 1, "y": ["p", "q"]})
    span.set_attribute("x", 2)
    span.set_attributes({"z": 0.5, "w": True})
    span.add_event("seen", {"n": 1}, timestamp=5)
    span.update_name("b")
    span.set_status(StatusCode.ERROR)
    span.end(end_time=10)
    span.end(end_time=11)
    with tracer.start_as_current_span("c", context=context) as current:
        assert get_current_span() is current


def told(span: ReadableSpan) -> dict[str, Any]:
    """Everything but ids and times, as it would be sent."""
    (resource,) = encode_spans([span]).resource_spans
    (scope,) = resource.scope_spans
    (sent,) = scope.spans
    for name in ("trace_id", "span_id", "start_time_unix_nano"):
        sent.ClearField(name)
    if sent.name != "b":
        sent.ClearField("end_time_unix_nano")
    attributes = sorted(str(each) for each in sent.attributes)
    sent.ClearField("attributes")
    return {"span": str(sent), "attributes": attributes, "scope": scope.scope.name, "of": str(resource.resource)}


parents = st.none() | st.builds(
    SpanContext,
    st.integers(1, 2**128 - 1),
    st.integers(1, 2**64 - 1),
    st.booleans(),
    st.sampled_from([TraceFlags(0), TraceFlags(1)]),
)


@given(st.sampled_from(SAMPLERS[:4]), parents)
def test_it_sends_what_the_sdk_would(sampler: Sampler, parent: SpanContext | None) -> None:
    """Under every sampler, below every kind of parent."""
    sent = []
    for tracer, exporter in (ours(sampler), theirs(sampler)):
        use(tracer, parent)
        sent.append([told(span) for span in exporter.get_finished_spans()])
    assert sent[0] == sent[1]


@given(st.integers(1, 2**128 - 1))
def test_a_part_of_the_traces_is_chosen_by_their_ids(trace_id: int) -> None:
    """So that every service keeps the same ones."""
    parent = SpanContext(trace_id, 1, is_remote=True)
    kept = []
    for tracer, exporter in (ours(SAMPLERS[4]), theirs(SAMPLERS[4])):
        use(tracer, parent)
        kept.append(len(exporter.get_finished_spans()))
    assert kept[0] == kept[1]


@pytest.mark.parametrize("start", [ours, theirs])
def test_an_exception_is_noted(start: Callable[[Sampler], tuple[Tracer, InMemorySpanExporter]]) -> None:
    """As an event; ours without its text."""
    tracer, exporter = start(ALWAYS_ON)
    span = tracer.start_span("a")
    span.record_exception(ValueError("asha@example.org"))
    span.end()
    (ended,) = exporter.get_finished_spans()
    (event,) = ended.events
    assert (event.name, (event.attributes or {})["exception.type"]) == ("exception", "ValueError")
    assert start is theirs or "asha" not in ended.to_json()
