"""The span of a request: one, from our middleware, by the semantic conventions for HTTP servers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind
from starlette.types import Scope

from backend.core.monitoring.endpoints import UNMATCHED, method_label
from backend.core.monitoring.outcome import CLIENT_CLOSED_REQUEST, Outcome
from backend.core.monitoring.redaction import redact

from . import spans
from .content import captured

_EMPTY = Context()


def start_request_span(scope: Scope, headers: Mapping[bytes, bytes]) -> Span | None:
    """Below the span of the caller who sent a sound `traceparent`; None while nobody traces."""
    if spans._tracer is None:
        return None
    scope["fastapi.telemetry"] = None  # FastAPI would trace it once more
    method = method_label(scope["method"])
    attributes: dict[str, Any] = {
        "http.request.method": method,
        "url.scheme": scope.get("scheme", "http"),
        "url.path": redact(scope["path"]),
        "network.protocol.version": scope.get("http_version", "1.1"),
    }
    if b"user-agent" in headers:
        attributes["user_agent.original"] = headers[b"user-agent"].decode("latin-1")[:256]
    if captured() and scope.get("query_string"):
        attributes["url.query"] = redact(scope["query_string"].decode("latin-1"))
    work = spans.Work(method if method != "_OTHER" else "HTTP", SpanKind.SERVER, attributes)
    return spans.start_span(work, _caller(headers) if b"traceparent" in headers else _EMPTY)


def _caller(headers: Mapping[bytes, bytes]) -> Context:
    """What the caller says of its span; one that is not well-formed says nothing."""
    names = ("traceparent", "tracestate")
    carrier = {name: headers[name.encode()].decode("latin-1") for name in names if name.encode() in headers}
    return spans.W3C.extract(carrier, _EMPTY)


def end_request_span(span: Span, outcome: Outcome, error: BaseException | None) -> None:
    """End it with what the request's counter and log line say."""
    if span.is_recording():
        name = "HTTP" if outcome.method == "_OTHER" else outcome.method
        if outcome.endpoint != UNMATCHED:
            span.update_name(f"{name} {outcome.endpoint}")
            span.set_attribute("http.route", outcome.endpoint)
        span.set_attributes(
            {
                "http.response.status_code": outcome.status,
                "http.request.body.size": outcome.received,
                "http.response.body.size": outcome.sent,
            }
        )
    if outcome.status == CLIENT_CLOSED_REQUEST and not isinstance(error, Exception):
        spans.end_span(span, "cancelled")
    elif error is not None or outcome.broken or outcome.status >= 500:
        spans.end_span(span, "error", error or ("incomplete_response" if outcome.broken else str(outcome.status)))
    else:
        spans.end_span(span, "success")
