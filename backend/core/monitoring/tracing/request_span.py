"""The span of a request: one, from our middleware, by the semantic conventions for HTTP servers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind
from starlette.types import Scope

from backend.core.monitoring.endpoints import UNMATCHED
from backend.core.monitoring.metrics.catalogue import Method
from backend.core.monitoring.outcome import CLIENT_CLOSED_REQUEST, Outcome
from backend.core.monitoring.redaction import redact

from . import spans
from .content import captured

_EMPTY = Context()
_METHODS = {method: method for method in get_args(Method) if method != "_OTHER"}


def start_request_span(scope: Scope, headers: Mapping[bytes, bytes]) -> Span | None:
    """Below the span of the caller who sent a sound `traceparent`; None while nobody traces."""
    if spans._tracer is None:
        return None
    scope["fastapi.telemetry"] = None  # FastAPI would trace it once more
    method = scope["method"]
    caller = _caller(headers) if b"traceparent" in headers else _EMPTY
    return spans._tracer.start_span(_METHODS.get(method, "HTTP"), caller, SpanKind.SERVER)


def _caller(headers: Mapping[bytes, bytes]) -> Context:
    """What the caller says of its span; one that is not well-formed says nothing."""
    names = ("traceparent", "tracestate")
    carrier = {name: headers[name.encode()].decode("latin-1") for name in names if name.encode() in headers}
    return spans.W3C.extract(carrier, _EMPTY)


def end_request_span(span: Span, scope: Scope, path: str, outcome: Outcome, error: BaseException | None) -> None:
    """End it with what the request's counter and log line say; `path` as the request came in."""
    if not span.is_recording():
        return
    kind, _, received, sent, broken, _ = outcome
    method, endpoint, status, _, _ = kind
    attributes: dict[str, str | int] = {
        "http.request.method": method,
        "http.response.status_code": status,
        "url.scheme": scope.get("scheme", "http"),
        "url.path": redact(path),
        "http.request.body.size": received,
        "http.response.body.size": sent,
    }
    if endpoint != UNMATCHED:
        attributes["http.route"] = endpoint
        span.update_name(f"{_METHODS.get(method, 'HTTP')} {endpoint}")
    if captured() and scope.get("query_string"):
        attributes["url.query"] = redact(scope["query_string"].decode("latin-1"))
    span.set_attributes(attributes)
    if status == CLIENT_CLOSED_REQUEST and not isinstance(error, Exception):
        spans.end_span(span, "cancelled")
    elif error is not None or broken or status >= 500:
        spans.end_span(span, "error", error or ("incomplete_response" if broken else str(status)))
    else:
        spans.end_span(span, "success")
