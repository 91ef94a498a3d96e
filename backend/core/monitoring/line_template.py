"""A line that is written again and again with few values changing: made once, by the way that all lines take."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence

from opentelemetry.trace import SpanContext

from .log_record import Fields, compose, render_json, timestamp

_HOLE = secrets.token_hex(16)  # stands nowhere else


class LineTemplate:
    """The JSON line of an event whose fields named in `changing` are numbers that differ from line to line."""

    __slots__ = ("_text",)

    def __init__(self, level: str, event: str, logger: str, constant: Fields, changing: Sequence[str]) -> None:
        fields = compose(level, event, logger, constant, span=None, now=0.0)
        holes = ("timestamp", "request_id", "trace_id", "span_id", *changing)
        fields.update((name, _HOLE + name) for name in holes)
        text = render_json(fields).decode().replace("%", "%%")
        for name in holes:
            hole = _HOLE + name
            # A time and a request's id are plain text, so their quotes stay; the others may be null, or are numbers.
            text = text.replace(hole if name in {"timestamp", "request_id"} else f'"{hole}"', "%s")
        self._text = text

    def fill(self, request_id: str, span: SpanContext | None, *values: object) -> bytes:
        """The line of an event that happens now; `values` are those that change, in the order of `changing`."""
        trace_id = "null" if span is None else f'"{span.trace_id:032x}"'
        span_id = "null" if span is None else f'"{span.span_id:016x}"'
        return (self._text % (timestamp(time.time()), request_id, trace_id, span_id, *values)).encode()
