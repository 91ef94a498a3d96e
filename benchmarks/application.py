"""One small FastAPI application, bare and under each instrumentation, as its documentation tells to set it up.

Only ours and the last of the peers do all of the work: metrics, a JSON log line and a request id.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, BinaryIO

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .row import AGAIN, OURS

BARE = "bare"


def bare(app: FastAPI | None = None) -> FastAPI:
    """One route that returns a small object."""
    app = app or FastAPI()

    @app.get("/items/{item}")
    async def read_item(item: int) -> dict[str, Any]:
        return {"item": item, "name": "raw silk", "price": 12.5, "in_stock": True}

    return app


def void() -> BinaryIO:
    """A real file that keeps nothing, so that a log line costs its system call and no disk."""
    return open(os.devnull, "wb")  # noqa: PTH123 - the log keeps it open


def ours() -> ASGIApp:
    """Metrics, request id and a JSON line for each request, as in production."""
    from backend.core.monitoring import Monitoring, configure_logging

    configure_logging(production=True, level="INFO", stream=void())
    return Monitoring(bare())


def instrumentator() -> FastAPI:
    """Metrics."""
    from prometheus_fastapi_instrumentator import Instrumentator

    app = bare()
    Instrumentator().instrument(app).expose(app)
    return app


def starlette_exporter() -> ASGIApp:
    """Metrics."""
    from starlette_exporter import PrometheusMiddleware, handle_metrics

    app = bare()
    app.add_middleware(PrometheusMiddleware)
    app.add_route("/metrics", handle_metrics)
    return app


def opentelemetry(*, sampled: bool) -> ASGIApp:
    """Metrics and spans, handed in batches to exporters that throw them away."""
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, ParentBased

    from .no_exporters import NoMetricExporter, NoSpanExporter

    spans = TracerProvider(sampler=ParentBased(ALWAYS_ON if sampled else ALWAYS_OFF))
    spans.add_span_processor(BatchSpanProcessor(NoSpanExporter()))
    metrics = MeterProvider([PeriodicExportingMetricReader(NoMetricExporter())])
    app = bare()
    # Given here and not globally, so that FastAPI's own tracing stays off, which would add spans to these.
    FastAPIInstrumentor.instrument_app(app, tracer_provider=spans, meter_provider=metrics)
    return app


def logged(app: ASGIApp) -> ASGIApp:
    """A request id and a JSON line for each request to `app`, by the lightest middleware that can write it."""
    from asgi_correlation_id import CorrelationIdMiddleware, correlation_id

    from .structured import production_structlog

    log = production_structlog(void())

    async def logging(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, send_and_note)
        finally:
            log.info(
                "request_completed",
                request_id=correlation_id.get(),
                method=scope["method"],
                path=scope["path"],
                status=status,
                duration_seconds=round(time.perf_counter() - started, 6),
            )

    return CorrelationIdMiddleware(logging)


VARIANTS: dict[str, Callable[[], ASGIApp]] = {
    BARE: bare,
    OURS: ours,
    "instrumentator": instrumentator,
    "starlette-exporter": starlette_exporter,
    "OpenTelemetry": lambda: opentelemetry(sampled=True),
    "OpenTelemetry, sampled out": lambda: opentelemetry(sampled=False),
    "correlation-id + structlog": lambda: logged(bare()),
    "instrumentator + correlation-id + structlog": lambda: logged(instrumentator()),
    BARE + AGAIN: bare,
}
"""In the order in which a round asks them: the two copies of the baseline are furthest apart."""
