"""Logging: `get_logger` for our own code, and the same line for every record of every library.

Nothing has to be configured before the first line: until `configure_logging` is called, ENVIRONMENT and LOG_LEVEL
decide, as they do for the service.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, MutableMapping
from typing import Any, BinaryIO, NoReturn

import structlog
from opentelemetry.trace import SpanContext

from .current_span import current_span
from .log_record import Fields, Renderer, compose, describe_exception, render_console, render_json
from .shared_output import write_alone

# Libraries that tell at INFO what our own lines already say, once for each call.
_TALKATIVE = ("httpx", "httpx2", "httpcore", "httpcore2", "openai", "alembic", "aiosqlite", "urllib3")
_NAMES = {level: logging.getLevelName(level).lower() for level in range(logging.DEBUG, logging.CRITICAL + 1, 10)}
_ERRORS = frozenset({"error", "critical"})
_RECORD_KEYS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}


class _Output:
    """Where lines go and which of them; one for the process."""

    def __init__(self) -> None:
        self.is_shared = False
        self.copies_to: Callable[[Fields], None] | None = None
        self.reports_to: Callable[[BaseException, Fields], None] | None = None
        # Reentrant: the garbage collector may run a finalizer that logs while this very thread writes.
        self._lock = threading.RLock()
        level = os.environ.get("LOG_LEVEL", "INFO").upper()
        known = level if level in logging.getLevelNamesMapping() else "INFO"
        self.configure(os.environ.get("ENVIRONMENT", "").lower() == "production", known, None)

    def configure(self, production: bool, level: str, stream: BinaryIO | None) -> None:
        self.level = logging.getLevelNamesMapping()[level.upper()]
        self.stream = stream
        self.json = production
        self._render: Renderer = render_json if production else render_console(colors=sys.stdout.isatty())

    def write(self, fields: Fields, error: BaseException | None = None) -> None:
        """Write one line; a log that cannot be written must never fail the work that it tells of."""
        try:
            line = self._render(fields)
        except (ValueError, RuntimeError):
            return  # a value that cannot be shown
        self.write_line(line)
        if self.copies_to is not None:
            self.copies_to(fields)
        if error is not None and self.reports_to is not None and fields["level"] in _ERRORS:
            self.reports_to(error, fields)

    def write_line(self, line: bytes) -> None:
        try:
            with self._lock:
                stream = self.stream or sys.stdout.buffer
                if self.is_shared:
                    write_alone(stream, line)
                else:
                    stream.write(line)
                    stream.flush()
        except (OSError, ValueError, AttributeError, RuntimeError):
            return  # a closed or broken pipe, no stdout at all, a write amid a write


_output = _Output()


class Logger(structlog.BoundLoggerBase):
    """A structlog logger with one step from call to line: filter, compose, write."""

    def emit(self, level: int, event: str, fields: Fields, span: SpanContext | None) -> None:
        """Write the line of an event that happened in `span`, from fields that it may keep."""
        if level < _output.level:
            return
        bound = self._context
        if len(bound) > 1:
            fields = {**{key: value for key, value in bound.items() if key != "logger"}, **fields}
        error = _attach_exception(fields) if "exc_info" in fields else None
        _output.write(compose(_NAMES[level], event, bound.get("logger", ""), fields, span=span, now=time.time()), error)

    def debug(self, event: str, **fields: Any) -> None:
        """Log a diagnostic detail."""
        self.emit(logging.DEBUG, event, fields, current_span())

    def info(self, event: str, **fields: Any) -> None:
        """Log what happened."""
        self.emit(logging.INFO, event, fields, current_span())

    def warning(self, event: str, **fields: Any) -> None:
        """Log that something is degraded but works."""
        self.emit(logging.WARNING, event, fields, current_span())

    def error(self, event: str, **fields: Any) -> None:
        """Log that something failed."""
        self.emit(logging.ERROR, event, fields, current_span())

    def critical(self, event: str, **fields: Any) -> None:
        """Log that the service cannot go on."""
        self.emit(logging.CRITICAL, event, fields, current_span())

    def exception(self, event: str, **fields: Any) -> None:
        """Log a failure with the exception being handled."""
        self.error(event, exc_info=fields.pop("exc_info", True), **fields)


def writes_json(level: int) -> bool:
    """Whether lines of this level are written, and only as JSON: then a `LineTemplate` may make them."""
    return _output.json and level >= _output.level and _output.copies_to is None


def share_output() -> None:
    """Other processes write to the same output from now on."""
    _output.is_shared = True


def copy_lines_to(take: Callable[[Fields], None] | None) -> None:
    """Give the fields of every line that is written to `take`, too; None stops it. It must not raise."""
    _output.copies_to = take


write_line = _output.write_line
"""Write a line that was made elsewhere."""


def report_errors_to(take: Callable[[BaseException, Fields], None] | None) -> None:
    """Give every exception that a line tells at ERROR or above to `take`, with the line; None stops it."""
    _output.reports_to = take


def get_logger(name: str) -> Logger:
    """A logger whose lines carry `name` as `logger`; `.bind(key=value)` gives one with more fields."""
    return Logger(None, processors=(), context={"logger": name})


class _LineHandler(logging.Handler):
    """Writes the records of the standard library's logging as our lines."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and getattr(error, "_told_as_request_failed", False):
            return  # the server repeats what the request's own line has said
        own = {key: value for key, value in vars(record).items() if key not in _RECORD_KEYS}
        if error is not None:
            own |= describe_exception(error)
        level, span = record.levelname.lower(), current_span()
        _output.write(compose(level, _message(record), record.name, own, span=span, now=record.created), error)


def configure_logging(*, production: bool, level: str = "INFO", stream: BinaryIO | None = None) -> None:
    """Send every record of the process through one line format.

    `stream` receives UTF-8 bytes (default: standard output, looked up at each line, so that redirection works).
    """
    _output.configure(production, level, stream)
    root = logging.getLogger()
    root.handlers[:] = [_LineHandler()]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = name != "uvicorn.access"  # a request has exactly one line: ours
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)
    structlog.configure(processors=[_foreign_structlog], cache_logger_on_first_use=False)


def _foreign_structlog(_: object, method: str, event: MutableMapping[str, Any]) -> NoReturn:
    """The last processor of a library's own structlog logger: writes its line and stops there."""
    level = "error" if method in {"exception", "err"} else method
    if logging.getLevelNamesMapping().get(level.upper(), logging.INFO) >= _output.level:
        fields = dict(event)
        error = _attach_exception(fields)
        event_name = str(fields.pop("event", ""))
        _output.write(compose(level, event_name, "structlog", fields, span=current_span(), now=time.time()), error)
    raise structlog.DropEvent


def _attach_exception(fields: Fields) -> BaseException | None:
    """Replace `exc_info` (True or an exception, as in the standard library) with what it stands for, and give that."""
    exc_info = fields.pop("exc_info", None)
    error = exc_info if isinstance(exc_info, BaseException) else sys.exc_info()[1] if exc_info else None
    if error is not None:
        fields |= describe_exception(error)
    return error


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage().rstrip()
    except Exception:  # a wrong format string in a library must not cost its line
        return str(record.msg)
