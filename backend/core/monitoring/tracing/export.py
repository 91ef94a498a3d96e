"""Sending spans and log lines to a collector by OTLP/HTTP.

Work never waits for it: what is recorded goes into a bounded queue, a thread sends it in batches, and what is lost on
the way is counted.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, get_args

from backend.core.monitoring.logs import copy_lines_to
from backend.core.monitoring.metrics.catalogue import TELEMETRY_DROPPED, TELEMETRY_EXPORTED, Reason, Signal

from .environment import Export
from .log_records import LogRecords
from .spans import configure_tracing

if TYPE_CHECKING:
    from .sdk import Pipeline

FLUSH_SECONDS = 5.0


class Exporting:
    """What OTEL_* asks to be sent; raises ValueError when it asks for what cannot work.

    `facts` describe the service (`service.version`, …); OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before them.
    """

    def __init__(self, facts: dict[str, str]) -> None:
        self.wanted = Export.from_environment()
        self._facts = facts
        self._pipelines: list[Pipeline] = []
        for signal in get_args(Signal):  # at 0 from the start, so that the first loss is visible to rate()
            TELEMETRY_EXPORTED.labels(signal=signal)
            for reason in get_args(Reason):
                TELEMETRY_DROPPED.labels(signal=signal, reason=reason)

    def start(self) -> None:
        """Record and send from now on. Call it in the process that serves, after any fork."""
        if self._pipelines or not any(self.wanted):
            return
        from . import sdk  # noqa: PLC0415 - see there

        resource = sdk.resource_of(self._facts)
        if self.wanted.traces:
            spans, pipeline = sdk.span_pipeline(resource)
            self._pipelines.append(pipeline)
            configure_tracing(spans)
        if self.wanted.logs:
            lines, pipeline = sdk.log_pipeline(resource)
            self._pipelines.append(pipeline)
            copy_lines_to(LogRecords(lines).take)

    def stop(self, within: float = FLUSH_SECONDS) -> None:
        """Send what waits, for at most so many seconds; blocks. What was not sent by then is counted as lost."""
        configure_tracing(None)
        copy_lines_to(None)
        flushing = [(pipeline, pipeline.flush()) for pipeline in self._pipelines]
        self._pipelines = []
        deadline = time.monotonic() + within
        for pipeline, thread in flushing:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                pipeline.give_up()
