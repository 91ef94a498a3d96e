"""A line that is written again and again with few values changing: made once, by the way that all lines take."""

from __future__ import annotations

import re
import secrets
import time

from opentelemetry.trace import SpanContext

from .log_record import Fields, compose, render_json, timestamp

_HOLE = secrets.token_hex(16)  # stands nowhere else
_IDS = ("timestamp", "request_id", "trace_id", "span_id")
MEASURES = ("duration_seconds", "request_size_bytes", "response_size_bytes")


class LineTemplate:
    """The JSON line of an event, all of whose fields but `MEASURES` are the same from line to line."""

    __slots__ = ("_0", "_1", "_2", "_3", "_4", "_5", "_6", "_7")

    def __init__(self, level: str, event: str, logger: str, constant: Fields) -> None:
        fields = compose(level, event, logger, constant, span=None, now=0.0)
        fields.update((name, _HOLE) for name in (*_IDS, *MEASURES))
        text = render_json(fields).decode()
        self._0, self._1, self._2, self._3, self._4, self._5, self._6, self._7 = re.split(f'"{_HOLE}"', text)

    def fill(self, request_id: str, span: SpanContext | None, seconds: float, received: int, sent: int) -> bytes:
        """The line of an event that happens now."""
        trace_id, span_id = "null", "null"
        if span is not None:
            trace_id, span_id = f'"{span.trace_id:032x}"', f'"{span.span_id:016x}"'
        return (
            f'{self._0}"{timestamp(time.time())}"{self._1}"{request_id}"{self._2}{trace_id}{self._3}{span_id}'
            f"{self._4}{seconds:.6f}{self._5}{received}{self._6}{sent}{self._7}"
        ).encode()
