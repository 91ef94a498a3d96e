"""structlog as its documentation sets it up for production."""

from __future__ import annotations

import logging
from typing import Any, BinaryIO

import orjson
import structlog


def production_structlog(stream: BinaryIO) -> Any:
    """A logger that writes a line of JSON to `stream`, from orjson's bytes without a detour over text."""
    structlog.configure(
        cache_logger_on_first_use=True,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        logger_factory=structlog.BytesLoggerFactory(stream),
    )
    return structlog.get_logger()
