"""The one log line of a request."""

from __future__ import annotations

import logging

from .logs import get_logger, write_line, writes_json
from .outcome import CLIENT_CLOSED_REQUEST, Outcome
from .request_kind import LOGGER

_log = get_logger(LOGGER)


def tell(outcome: Outcome, request_id: str, error: BaseException | None) -> None:
    """Write it; `error` is what ended the request otherwise than by an answer."""
    kind, seconds, received, sent, broken, span = outcome
    if error is not None or broken or kind.status >= CLIENT_CLOSED_REQUEST:
        _tell_trouble(outcome, error)
    elif kind.counted is not None and writes_json(logging.INFO):  # nearly every line of a service that does well
        write_line(kind.line.fill(request_id, span, seconds, received, sent))
    else:
        _log.emit(kind.level, "request_completed", outcome.as_fields(), span)


def _tell_trouble(outcome: Outcome, error: BaseException | None) -> None:
    event, kind = "request_completed", outcome.kind
    if kind.status == CLIENT_CLOSED_REQUEST:
        event = "request_abandoned"
        error = error if isinstance(error, Exception) else None  # a cancellation is the leaving itself
    elif error is not None or outcome.broken:
        event = "request_failed"
    level = kind.level
    if error is not None or outcome.broken or (kind.status >= 500 and kind.counted is not None):
        level = logging.ERROR
    fields = outcome.as_fields()
    if error is not None:
        fields["exc_info"] = error
    _log.emit(level, event, fields, outcome.span)
