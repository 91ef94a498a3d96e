"""The pipelines of OpenTelemetry's SDK: a provider, a bounded queue with a thread, an exporter.

Importing this costs half a second, so only who sends something does.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import NamedTuple, Protocol

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExportResult
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

from .losses import Counted, QueueMetrics
from .recorder import RecorderProvider

# Its processors say what they have dropped only when asked to, and only when they are made.
os.environ["OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED"] = "true"
# A line for each span that finds no room would make a bad hour worse: they are counted.
logging.getLogger("opentelemetry.sdk._shared_internal").setLevel(logging.ERROR)


class _Queue(Protocol):
    def shutdown(self) -> None: ...
    def force_flush(self) -> bool: ...


class Pipeline(NamedTuple):
    """What has to be stopped at the end."""

    queue: _Queue
    exporter: Counted
    losses: QueueMetrics

    def flush(self) -> threading.Thread:
        """Begin to send what waits, and record no more."""
        thread = threading.Thread(target=self.queue.shutdown, daemon=True)
        thread.start()
        return thread

    def give_up(self) -> None:
        """Count as lost what has not been sent by now."""
        self.exporter.give_up(self.losses.waiting())


def span_pipeline(resource: Resource) -> tuple[RecorderProvider, Pipeline]:
    """For spans, as OTEL_EXPORTER_OTLP_*, OTEL_TRACES_SAMPLER and OTEL_BSP_* say."""
    sampler = TracerProvider(resource=resource, shutdown_on_exit=False).sampler  # it knows how to read the variables
    exporter, losses = OTLPSpanExporter(), QueueMetrics("span")
    counted = Counted(exporter, "span", SpanExportResult.SUCCESS)
    processor = BatchSpanProcessor(counted, meter_provider=losses)  # type: ignore[arg-type]
    return RecorderProvider(sampler, resource, processor), Pipeline(processor, counted, losses)


def log_pipeline(resource: Resource) -> tuple[LoggerProvider, Pipeline]:
    """For log lines, as OTEL_EXPORTER_OTLP_* and OTEL_BLRP_* say."""
    provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
    exporter, losses = OTLPLogExporter(), QueueMetrics("log")
    counted = Counted(exporter, "log", LogRecordExportResult.SUCCESS)
    provider.add_log_record_processor(BatchLogRecordProcessor(counted, meter_provider=losses))  # type: ignore[arg-type]
    return provider, Pipeline(provider, counted, losses)


def resource_of(facts: dict[str, str]) -> Resource:
    """What describes the service: OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before `facts`."""
    named = Resource.create().attributes
    unnamed = str(named.get("service.name", "")).startswith("unknown_service")
    said = {key: value for key, value in named.items() if not (unnamed and key == "service.name")}
    return Resource({**facts, **said})
