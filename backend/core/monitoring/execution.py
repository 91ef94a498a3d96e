"""One execution: told to its recorder at its begin and at its end, and recorded as a span."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from opentelemetry.trace import Span

from .logs import get_logger
from .recorders import Recorder
from .tracing import current, end_span, start_span

_log = get_logger("monitoring")


class Execution:
    """As a context manager it tells the recorder how the block ended, whichever way it did.

    `span` is not current within the block, which may yield: where it does not, use `current(execution.span)`. A fault
    of the telemetry is told and never reaches the code that it watches.
    """

    __slots__ = ("_recorder", "_started", "result", "span")

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.result: object = None
        self.span: Span | None = None

    def __enter__(self) -> Self:
        try:
            self.span = start_span(self._recorder.work)
            self._recorder.begin()
        except Exception:
            _log.exception("telemetry_failed")
        self._started = time.perf_counter()
        return self

    def __exit__(self, _: object, error: BaseException | None, __: TracebackType | None) -> None:
        seconds = time.perf_counter() - self._started
        try:
            if self.span is None:
                self._recorder.end(seconds, error, self.result)
                return
            with current(self.span):  # its log line and its exemplars point to it
                status = self._recorder.end(seconds, error, self.result)
            end_span(self.span, status, error)
        except Exception:
            _log.exception("telemetry_failed")

    def saw(self, item: object) -> None:
        """Remember a yielded value; the usage of a stream stands in its last chunk that has one."""
        if self.result is None and self.span is not None and self._recorder.work.first_item is not None:
            self.span.set_attribute(self._recorder.work.first_item, time.perf_counter() - self._started)
        if item is not None and (self.result is None or _says_more(item)):
            self.result = item


def _says_more(item: object) -> bool:
    try:
        usage = item.get("usage") if isinstance(item, dict) else getattr(item, "usage", None)
    except Exception:  # the item's own fault, met only because we looked
        return False
    return usage is not None
