"""What one line of JSON costs, from the call to the system call that writes it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.application import void
from benchmarks.group import Group
from benchmarks.process import column, interleave
from benchmarks.row import AGAIN, OURS, Comparison, Row, Target
from benchmarks.variant import Measure

STRUCTLOG = "structlog"
EVENT = "request_completed"
FIELDS: dict[str, Any] = {
    "method": "GET",
    "endpoint": "/items/{item}",
    "status": 200,
    "duration_seconds": 0.001234,
    "request_size_bytes": 0,
    "response_size_bytes": 67,
}
Log = Callable[..., Any]


def prepare(variant: str) -> Measure:
    """CPU microseconds of each of `lines`."""
    log = VARIANTS[variant]()

    def measure(lines: int) -> dict[str, float]:
        started = time.process_time()
        for _ in range(lines):
            log(EVENT, **FIELDS)
        return {"us": (time.process_time() - started) / lines * 1e6}

    return measure


def _ours() -> Log:
    from backend.core.monitoring import configure_logging, get_logger

    configure_logging(production=True, level="INFO", stream=void())
    log: Log = get_logger("bench").info
    return log


def _structlog() -> Log:
    from benchmarks.structured import production_structlog

    log: Log = production_structlog(void()).info
    return log


def _loguru() -> Log:
    from loguru import logger

    logger.remove()
    logger.add(open(os.devnull, "w"), serialize=True, level="INFO")  # noqa: PTH123, SIM115 - the log keeps it open
    log: Log = logger.info
    return log


def _stdlib() -> Log:
    import logging

    from pythonjsonlogger.orjson import OrjsonFormatter

    handler = logging.StreamHandler(open(os.devnull, "w"))  # noqa: PTH123, SIM115 - the log keeps it open
    handler.setFormatter(OrjsonFormatter("{asctime}{levelname}{name}{message}", style="{"))
    logger = logging.getLogger("bench")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)

    def log(event: str, **fields: Any) -> None:
        logger.info(event, extra=fields)

    return log


VARIANTS: dict[str, Callable[[], Log]] = {
    STRUCTLOG: _structlog,
    OURS: _ours,
    "loguru": _loguru,
    "logging + python-json-logger": _stdlib,
    STRUCTLOG + AGAIN: _structlog,
}


def measure(quick: bool) -> Sequence[Row]:
    """One row."""
    rounds, processes = (5, 1) if quick else (15, 2)
    answers = interleave(__name__, tuple(VARIANTS), {"lines": 5000}, rounds=rounds, processes=processes)
    target = Target(floor=10, goal=5)
    return [Row("JSON log line", "µs", column(answers, "us"), STRUCTLOG, Comparison.ABSOLUTE, target)]


GROUP = Group(
    "log_line",
    "A log line",
    """\
CPU time of one call with six fields, from the call to the system call that writes the line of JSON. structlog has
the processors that its documentation recommends for production, and orjson; the standard library's logging has
python-json-logger with orjson; loguru has `serialize=True`.""",
    measure,
)
