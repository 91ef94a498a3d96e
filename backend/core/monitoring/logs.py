"""Logging: `get_logger` for our own code, and the same line for every record of every library.

Nothing has to be configured before the first line: until `configure_logging` is called, ENVIRONMENT and LOG_LEVEL
decide, as they do for the service.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import MutableMapping
from typing import Any, BinaryIO, NoReturn, cast

import structlog

from .log_record import Fields, Renderer, compose, describe_exception, render_console, render_json

# Libraries that tell at INFO what our own lines already say, once for each call.
_TALKATIVE = ("httpx", "httpx2", "httpcore", "httpcore2", "openai", "alembic", "aiosqlite")
_RECORD_KEYS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}


class _Output:
    """Where lines go and which of them; one for the process."""

    def __init__(self) -> None:
        self.level = logging.INFO
        self.stream: BinaryIO | None = None
        self._render: Renderer | None = None
        # Reentrant: the garbage collector may run a finalizer that logs while this very thread writes.
        self._lock = threading.RLock()

    def configure(self, production: bool, level: str, stream: BinaryIO | None) -> None:
        self.level = logging.getLevelNamesMapping()[level.upper()]
        self.stream = stream
        self._render = render_json if production else render_console(colors=sys.stdout.isatty())

    def ensure(self) -> None:
        if self._render is None:
            level = os.environ.get("LOG_LEVEL", "INFO").upper()
            known = level if level in logging.getLevelNamesMapping() else "INFO"
            self.configure(os.environ.get("ENVIRONMENT", "").lower() == "production", known, None)

    def write(self, fields: Fields) -> None:
        """Write one line; a log that cannot be written must never fail the work that it tells of."""
        try:
            line = cast("Renderer", self._render)(fields)
            with self._lock:
                stream = self.stream or sys.stdout.buffer
                stream.write(line)
                stream.flush()
        except (OSError, ValueError, AttributeError, RuntimeError):
            return  # a closed or broken pipe, no stdout at all, a value without a bottom, a write amid a write


_output = _Output()


class Logger(structlog.BoundLoggerBase):
    """A structlog logger with one step from call to line: filter, compose, write."""

    def _log(self, level: int, name: str, event: str, fields: Fields) -> None:
        _output.ensure()
        if level < _output.level:
            return
        own = {**self._context, **fields}
        _attach_exception(own)
        _output.write(compose(name, event, own.pop("logger", ""), own))

    def debug(self, event: str, **fields: Any) -> None:
        """Log a diagnostic detail."""
        self._log(logging.DEBUG, "debug", event, fields)

    def info(self, event: str, **fields: Any) -> None:
        """Log what happened."""
        self._log(logging.INFO, "info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Log that something is degraded but works."""
        self._log(logging.WARNING, "warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        """Log that something failed."""
        self._log(logging.ERROR, "error", event, fields)

    def critical(self, event: str, **fields: Any) -> None:
        """Log that the service cannot go on."""
        self._log(logging.CRITICAL, "critical", event, fields)

    def exception(self, event: str, **fields: Any) -> None:
        """Log a failure with the exception being handled."""
        self.error(event, exc_info=fields.pop("exc_info", True), **fields)


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
        _output.write(compose(record.levelname.lower(), _message(record), record.name, own, now=record.created))


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
        _attach_exception(fields)
        _output.write(compose(level, str(fields.pop("event", "")), "structlog", fields))
    raise structlog.DropEvent


def _attach_exception(fields: Fields) -> None:
    """Replace `exc_info` (True or an exception, as in the standard library) with what it stands for."""
    exc_info = fields.pop("exc_info", None)
    error = exc_info if isinstance(exc_info, BaseException) else sys.exc_info()[1] if exc_info else None
    if error is not None:
        fields |= describe_exception(error)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage().rstrip()
    except Exception:  # a wrong format string in a library must not cost its line
        return str(record.msg)
