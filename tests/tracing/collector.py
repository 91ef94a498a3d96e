"""A collector on a real socket, which reads what it is sent with OpenTelemetry's own classes.

`status` and `delay` script how it answers; only what it has answered with 200 is in `spans` and `logs`.
"""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue


class Span:
    """One span as it arrived."""

    def __init__(self, raw: Any, resource: dict[str, Any]) -> None:
        self.name: str = raw.name
        self.kind: int = raw.kind
        self.trace_id, self.span_id = raw.trace_id.hex(), raw.span_id.hex()
        self.parent_id = raw.parent_span_id.hex()
        self.start, self.end = raw.start_time_unix_nano, raw.end_time_unix_nano
        self.failed = raw.status.code == raw.status.STATUS_CODE_ERROR
        self.attributes = attributes(raw.attributes)
        self.events = [event.name for event in raw.events]
        self.resource = resource

    def __repr__(self) -> str:
        return f"{self.name} {self.attributes}"


class Log:
    """One log record as it arrived."""

    def __init__(self, raw: Any) -> None:
        self.body = value_of(raw.body)
        self.severity: str = raw.severity_text
        self.trace_id, self.span_id = raw.trace_id.hex(), raw.span_id.hex()
        self.attributes = attributes(raw.attributes)


def attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: value_of(pair.value) for pair in pairs}


def value_of(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [value_of(each) for each in value.array_value.values]
    if kind == "kvlist_value":
        pairs: list[KeyValue] = list(value.kvlist_value.values)
        return attributes(pairs)
    return getattr(value, kind) if kind else None


class Collector:
    """What has arrived, and how to answer what comes next."""

    def __init__(self) -> None:
        self.status, self.delay = 200, 0.0
        self.requests = 0
        self.spans: list[Span] = []
        self.logs: list[Log] = []
        self._lock = threading.Lock()

    def take(self, path: str, body: bytes) -> None:
        """Keep what a request holds; anything that the classes cannot parse is an error."""
        with self._lock:
            if path == "/v1/traces":
                for of in ExportTraceServiceRequest.FromString(body).resource_spans:
                    resource = attributes(of.resource.attributes)
                    self.spans += [Span(raw, resource) for scope in of.scope_spans for raw in scope.spans]
            elif path == "/v1/logs":
                for about in ExportLogsServiceRequest.FromString(body).resource_logs:
                    self.logs += [Log(raw) for scope in about.scope_logs for raw in scope.log_records]
            else:
                raise ValueError(path)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_POST(self) -> None:
        collector: Collector = self.server.collector
        body = self.rfile.read(int(self.headers["content-length"]))
        collector.requests += 1
        if collector.delay:
            time.sleep(collector.delay)  # the slow collector that is asked for
        status = collector.status
        if status == 200:
            collector.take(self.path, gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body)
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def collecting() -> Iterator[tuple[Collector, str]]:
    """A collector and its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        collector = Collector()
        server.collector = collector  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield collector, f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
