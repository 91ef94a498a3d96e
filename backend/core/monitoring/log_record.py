"""What one log line holds, and how it is written: compact JSON in production, coloured text for a developer.

Every line starts with the same keys, in this order: timestamp, level, event, request_id, trace_id, span_id, logger.
Those three ids are null outside of a request or a trace, so that a query on them never meets a missing column.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import orjson
import structlog
from opentelemetry.trace import SpanContext

from .redaction import redact, redact_named
from .request_id import request_id_var

Fields: TypeAlias = dict[str, Any]
Renderer: TypeAlias = Callable[[Fields], bytes]

_HARMLESS = frozenset({int, float, bool, type(None)})
_JSON_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE
_second: tuple[int, str] = (0, "")  # the last second's text; one tuple, so that threads cannot tear it
_MILLISECONDS = tuple(f".{number:03d}Z" for number in range(1000))


def timestamp(now: float | None = None) -> str:
    """`now` (seconds since 1970) as UTC with milliseconds: 2025-01-15T10:30:45.123Z."""
    global _second  # noqa: PLW0603 - formatting a second once instead of at every line saves half of the line's cost
    if now is None:
        now = time.time()
    whole = int(now)
    second, text = _second
    if second != whole:
        text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
        _second = (whole, text)
    return text + _MILLISECONDS[int((now - whole) * 1000)]


def compose(
    level: str, event: str, logger: str, own: Mapping[str, Any], *, span: SpanContext | None, now: float
) -> Fields:
    """The fields of a line in their order, redacted; an event's own cannot overwrite the common ones."""
    fields: Fields = {
        "timestamp": timestamp(now),
        "level": level,
        "event": redact(event),
        "request_id": request_id_var.get(),
        "trace_id": None if span is None else f"{span.trace_id:032x}",
        "span_id": None if span is None else f"{span.span_id:016x}",
        "logger": logger,
    }
    for key, value in own.items():
        name = key if key not in fields else f"{key}_"
        fields[name] = value if type(value) in _HARMLESS else redact_named(key, value)
    return fields


def describe_exception(error: BaseException) -> Fields:
    """The class, the message and the traceback of an exception, as fields."""
    try:
        text = str(error)
    except Exception:  # a broken message must not cost the line
        text = "<no message>"
    return {
        "error_type": type(error).__name__,
        "error": text,
        "exception": "".join(traceback.format_exception(error)),
    }


def render_json(fields: Fields) -> bytes:
    """One line of compact JSON; a value that JSON does not know is shown by its `repr`."""
    try:
        return orjson.dumps(fields, default=_shown, option=_JSON_OPTIONS)
    except TypeError:  # lone surrogates, integers over 64 bits, keys of odd types: rare, so slow and safe
        return json.dumps(_plain(fields), default=_shown, separators=(",", ":")).encode() + b"\n"


def render_console(*, colors: bool) -> Renderer:
    """A renderer for a developer's terminal: aligned, without what is absent."""
    console = structlog.dev.ConsoleRenderer(colors=colors)

    def render(fields: Fields) -> bytes:
        present = {key: value for key, value in fields.items() if value is not None}
        return f"{console(None, '', present)}\n".encode("utf-8", "backslashreplace")

    return render


def _shown(value: object) -> str:
    try:
        return redact(repr(value))
    except Exception:  # a broken repr must not cost the line
        return f"<{type(value).__name__} without a repr>"


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
