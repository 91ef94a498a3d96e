"""The one log line of a request."""

from __future__ import annotations

import logging

from .line_template import LineTemplate
from .logs import get_logger, write_line, writes_json
from .metrics.description import LIMIT
from .outcome import CLIENT_CLOSED_REQUEST, Outcome

_NAME = "monitoring.request"
_log = get_logger(_NAME)
_templates: dict[tuple[str, str, int], LineTemplate] = {}


def tell(outcome: Outcome, request_id: str, error: BaseException | None, usual: int) -> None:
    """Write it; `usual` is the level of a request that went well."""
    method, endpoint, status, seconds, received, sent, broken, span = outcome
    if error is not None or broken or status >= CLIENT_CLOSED_REQUEST:
        _tell_trouble(outcome, error, usual)
    elif usual == logging.INFO and writes_json(usual):  # nearly every line of a service that does well is of this kind
        template = _templates.get((method, endpoint, status)) or _template(outcome)
        write_line(template.fill(request_id, span, seconds, received, sent))
    else:
        _log.emit(usual, "request_completed", outcome.as_fields(), span)


def _template(outcome: Outcome) -> LineTemplate:
    template = LineTemplate("info", "request_completed", _NAME, outcome.as_fields())
    if len(_templates) < LIMIT:
        _templates[outcome.method, outcome.endpoint, outcome.status] = template
    return template


def _tell_trouble(outcome: Outcome, error: BaseException | None, usual: int) -> None:
    event = "request_completed"
    if outcome.status == CLIENT_CLOSED_REQUEST:
        event = "request_abandoned"
        error = error if isinstance(error, Exception) else None  # a cancellation is the leaving itself
    elif error is not None or outcome.broken:
        event = "request_failed"
    level = usual
    if error is not None or outcome.broken or (outcome.status >= 500 and usual > logging.DEBUG):
        level = logging.ERROR
    fields = outcome.as_fields()
    if error is not None:
        fields["exc_info"] = error
    _log.emit(level, event, fields, outcome.span)
