"""Every request is one span, which says the same as its counter and its log line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode
from starlette.responses import PlainTextResponse, StreamingResponse

from backend.core.monitoring import Monitoring, track_tool_execution
from backend.core.monitoring.tracing import configure_tracing, contents
from backend.core.monitoring.tracing.recorder import RecorderProvider

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
Spans = Callable[[], list[ReadableSpan]]


def described(span: ReadableSpan) -> tuple[str, Any, Any, bool]:
    attributes = span.attributes or {}
    failed = span.status.status_code is StatusCode.ERROR
    return span.name, attributes["http.response.status_code"], attributes["status"], failed


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        ("GET /items/7", ("GET /items/{item}", 200, "success", False)),
        ("GET /tenants/t/direct/x", ("GET /tenants/{tenant}/direct/{leaf}", 200, "success", False)),
        ("GET /nowhere", ("GET", 404, "success", False)),
        ("GET /boom", ("GET /boom", 500, "error", True)),
        ("GET /breaks", ("GET /breaks", 200, "error", True)),
        ("HEAD /page", ("HEAD /page", 200, "success", False)),
        ("BREW /page", ("HTTP /page", 405, "success", False)),
    ],
)
async def test_it_says_what_the_counter_and_the_line_say(
    client: httpx.AsyncClient, spans: Spans, logs: Any, request_line: str, expected: tuple[Any, ...]
) -> None:
    """One span, of kind server, with the ids and the numbers of the request's line."""
    method, path = request_line.split()
    await client.request(method, path, headers={"X-Request-ID": "r-1"})
    (span,) = spans()
    (line,) = [line for line in logs.all() if line["event"].startswith("request_")]
    attributes = dict(span.attributes or {})
    assert described(span) == expected
    assert span.kind is SpanKind.SERVER
    assert line["status"] == attributes["http.response.status_code"]
    assert line["endpoint"] == attributes.get("http.route", "unmatched")
    assert line["response_size_bytes"] == attributes["http.response.body.size"]
    assert line["request_id"] == attributes["request_id"] == "r-1"
    assert span.context is not None
    assert line["trace_id"] == f"{span.context.trace_id:032x}"
    assert line["span_id"] == f"{span.context.span_id:016x}"


async def test_an_unhandled_exception_names_its_kind_and_not_its_text(client: httpx.AsyncClient, spans: Spans) -> None:
    """The text may repeat what somebody wrote."""
    await client.get("/boom")
    (span,) = spans()
    assert (span.attributes or {})["error.type"] == "ValueError"
    assert "secret detail" not in span.to_json()


async def test_fastapi_does_not_trace_it_once_more(client: httpx.AsyncClient, spans: Spans) -> None:
    """It would, from a provider that is set for the whole process."""
    provider = TracerProvider(shutdown_on_exit=False)
    seen: list[str] = []

    class Seen:
        def on_start(self, span: Any, parent_context: Any = None) -> None:
            seen.append(span.name)

        def _on_ending(self, span: Any) -> None: ...
        def on_end(self, span: Any) -> None: ...
        def shutdown(self) -> None: ...
        def force_flush(self, timeout_millis: int = 0) -> bool:
            return True

    provider.add_span_processor(Seen())  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trace, "get_tracer_provider", lambda: provider)
        await client.get("/items/7")
        assert (len(spans()), seen) == (1, [])
        configure_tracing(None)
        await client.get("/items/7")
    assert seen[:1] == ["GET"]


@pytest.mark.usefixtures("logs")
async def test_our_own_pages_are_not_traced(client: httpx.AsyncClient, spans: Spans) -> None:
    """A scrape and the probes come many times a minute."""
    await client.get("/monitoring/metrics")
    await client.get("/monitoring/health/live")
    assert spans() == []


@pytest.mark.usefixtures("logs")
async def test_it_goes_on_with_the_callers_trace(client: httpx.AsyncClient, spans: Spans) -> None:
    """W3C trace context."""
    await client.get("/items/7", headers={"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "a=1"})
    (span,) = spans()
    assert span.parent is not None
    assert (f"{span.parent.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, PARENT)
    assert span.parent.trace_state.to_header() == "a=1"


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize(
    "traceparent",
    ["", "00", f"00-{TRACE}", f"00-{'0' * 32}-{PARENT}-01", f"00-{TRACE}-{PARENT}-zz", "x" * 70_000, "00-\xff-\xff-01"],
)
async def test_a_malformed_traceparent_is_ignored(client: httpx.AsyncClient, spans: Spans, traceparent: str) -> None:
    """A trace of its own, and no failing request; the same beside a baggage of 64 kB."""
    headers = {"traceparent": traceparent.encode("latin-1"), "baggage": b"k=" + b"v" * 65_536}
    assert (await client.get("/items/7", headers=headers)).status_code == 200  # type: ignore[arg-type]
    (span,) = spans()
    assert span.parent is None


@pytest.mark.usefixtures("logs")
async def test_what_people_wrote_stays_out(client: httpx.AsyncClient, spans: Spans) -> None:
    """No query string; and what stands in the path is redacted."""
    await client.get("/items/asha@example.org?q=indigo")
    (span,) = spans()
    assert "asha@example.org" not in span.to_json()
    assert "indigo" not in span.to_json()


@pytest.mark.usefixtures("logs")
async def test_a_query_string_is_recorded_redacted_when_it_is_asked_for(
    client: httpx.AsyncClient, spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By OpenTelemetry's own variable for contents."""
    monkeypatch.setattr("backend.core.monitoring.tracing.request_span.captured", lambda: True)
    await client.get("/items/7?q=indigo&mail=asha@example.org")
    (span,) = spans()
    assert (span.attributes or {})["url.query"] == "q=indigo&mail=[EMAIL]"


def test_contents_are_redacted(monkeypatch: pytest.MonkeyPatch) -> None:
    """However deep they stand."""
    monkeypatch.setattr("backend.core.monitoring.tracing.content.captured", lambda: True)
    found = contents({"gen_ai.tool.call.arguments": {"who": ["asha@example.org"], "कपड़ा": 1}})
    assert found == {"gen_ai.tool.call.arguments": '{"who": ["[EMAIL]"], "कपड़ा": 1}'}


async def test_sampled_out_it_costs_no_span_and_keeps_its_ids(client: httpx.AsyncClient, logs: Any) -> None:
    """A later part that samples on its own may have kept the trace."""
    configure_tracing(RecorderProvider(ALWAYS_OFF, Resource({}), SimpleSpanProcessor(InMemorySpanExporter())))
    await client.get("/items/7")
    configure_tracing(None)
    (line,) = logs.of("request_completed")
    assert len(line["trace_id"]) == 32


class Gone:
    """Waits until the client has left."""

    def __init__(self) -> None:
        self.entered, self.go_on = asyncio.Event(), asyncio.Event()
        app = FastAPI()
        app.add_api_route("/slow", self.slow)
        app.add_api_route("/stream", self.stream)
        self.app = Monitoring(app)

    async def slow(self) -> PlainTextResponse:
        self.entered.set()
        await self.go_on.wait()
        return PlainTextResponse("late")

    async def stream(self) -> StreamingResponse:
        @track_tool_execution("streamed")
        async def chunks() -> Any:
            yield b"first"
            self.entered.set()
            await self.go_on.wait()
            yield b"second"

        return StreamingResponse(chunks())


@pytest.mark.usefixtures("logs")
@pytest.mark.parametrize("path", ["/slow", "/stream"])
async def test_a_client_that_left_ends_it_as_cancelled(serve: Any, spans: Spans, path: str) -> None:
    """499 as in the counter; nothing has failed on our side."""
    gone = Gone()
    async with serve(gone.app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        await asyncio.wait_for(gone.entered.wait(), 5)
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.05)  # the server's socket needs a turn of the loop to hear of it
        gone.go_on.set()
        async with asyncio.timeout(5):
            while not [span for span in spans() if span.kind is SpanKind.SERVER]:
                await asyncio.sleep(0.005)
    (span,) = [span for span in spans() if span.kind is SpanKind.SERVER]
    assert described(span) == (f"GET {path}", 499, "cancelled", False)
