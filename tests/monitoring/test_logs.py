"""One format for every line, whoever wrote it."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
import threading
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.core.monitoring import configure_logging, get_logger
from backend.core.monitoring.log_record import compose, render_json, timestamp

FIRST = ["timestamp", "level", "event", "request_id", "trace_id", "span_id", "logger"]
WARNING = """
import warnings
from backend.core.monitoring import configure_logging

configure_logging(production=True)
warnings.warn("old", DeprecationWarning)
"""
SNIPPET = """
from backend.core.monitoring import get_logger

logger = get_logger("my_module")
logger.info("operation_started", user_id="user123", operation="search")
"""


def run(code: str, **environment: str) -> str:
    command = [sys.executable, "-W", "always", "-c", code]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True).stdout


def run_snippet(**environment: str) -> str:
    return run(SNIPPET, **environment)


def test_the_guides_snippet_writes_json_in_production() -> None:
    """With nothing configured but the environment; compact, as the guide's grep expects."""
    line = run_snippet(ENVIRONMENT="production")
    assert '"level":"info","event":"operation_started"' in line
    assert json.loads(line) | {"timestamp": ""} == {
        "timestamp": "",
        "level": "info",
        "event": "operation_started",
        "request_id": None,
        "trace_id": None,
        "span_id": None,
        "logger": "my_module",
        "user_id": "user123",
        "operation": "search",
    }


def test_the_guides_snippet_writes_text_for_a_developer() -> None:
    """Anywhere else a line is for eyes, without what is absent."""
    line = run_snippet(ENVIRONMENT="development")
    assert "operation_started" in line
    assert "user_id=user123" in line
    assert "request_id" not in line


def test_log_level_is_heeded_before_anything_is_configured() -> None:
    """LOG_LEVEL=ERROR silences an info line; nonsense means INFO."""
    assert run_snippet(ENVIRONMENT="production", LOG_LEVEL="ERROR") == ""
    assert run_snippet(ENVIRONMENT="production", LOG_LEVEL="LOUD") != ""


def test_timestamps_are_utc_with_milliseconds() -> None:
    """As in the guide."""
    assert timestamp(1736937045.1234) == "2025-01-15T10:30:45.123Z"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", timestamp())


def test_every_librarys_records_have_the_same_first_keys(logs: Any) -> None:
    """The standard library's logging, structlog, warnings and uvicorn's own logger."""
    logging.getLogger("some.library").warning("%s is %d", "x", 5, extra={"shop": "pune"})
    logging.getLogger("uvicorn.error").info("Started")
    structlog.get_logger().info("theirs", a=1)
    first, second, third = logs.all()
    assert all(list(line)[:7] == FIRST for line in logs.all())
    assert (first["event"], first["logger"], first["level"], first["shop"]) == (
        "x is 5",
        "some.library",
        "warning",
        "pune",
    )
    assert (second["event"], second["logger"]) == ("Started", "uvicorn.error")
    assert (third["event"], third["a"]) == ("theirs", 1)


def test_warnings_are_lines_too() -> None:
    """In a process of its own, since the test runner collects them here."""
    line = json.loads(run(WARNING))
    assert list(line)[:7] == FIRST
    assert (line["logger"], "DeprecationWarning: old" in line["event"]) == ("py.warnings", True)


def test_exceptions_are_fields_of_one_line(logs: Any) -> None:
    """Class, message and traceback, by `exception()`, `exc_info=` and the standard library."""
    try:
        int("first\nsecond")
    except ValueError as error:
        get_logger("a").exception("one")
        get_logger("a").error("two", exc_info=error)
        logging.getLogger("b").exception("three")
    assert len(logs.stream.getvalue().splitlines()) == 3
    for line in logs.all():
        assert (line["error_type"], line["error"]) == (
            "ValueError",
            r"invalid literal for int() with base 10: 'first\nsecond'",
        )
        assert "Traceback" in line["exception"]


def test_levels_filter(logs: Any) -> None:
    """What is below the level is not written."""
    configure_logging(production=True, level="WARNING", stream=logs.stream)
    logger = get_logger("a")
    logger.debug("d")
    logger.info("i")
    logger.warning("w")
    logger.critical("c")
    logging.getLogger("b").info("i")
    structlog.get_logger().info("i")
    assert [line["level"] for line in logs.all()] == ["warning", "critical"]


def test_bound_fields_are_on_every_line_and_cannot_forge_the_common_ones(logs: Any) -> None:
    """`request_id` as an own field is kept beside the real one."""
    get_logger("a").bind(shop="pune").info("x", request_id="forged", level="error")
    (line,) = logs.all()
    assert (line["shop"], line["level"], line["request_id"]) == ("pune", "info", None)
    assert (line["request_id_"], line["level_"]) == ("forged", "error")


class Unprintable:
    def __repr__(self) -> str:
        raise ValueError("no repr")


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.builds(Unprintable),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text(st.characters()), st.dictionaries(st.text(), values, max_size=4))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_value_becomes_exactly_one_line_of_json(event: str, own: dict[str, Any]) -> None:
    """Line breaks, surrogates, huge integers, bytes and objects without a repr included."""
    line = render_json(compose("info", event, "t", own, span=None, now=0.0))
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert list(json.loads(line))[:7] == FIRST


def test_a_log_that_cannot_be_written_does_not_fail_the_work() -> None:
    """A closed pipe, a full disk."""
    stream = io.BytesIO()
    configure_logging(production=True, stream=stream)
    stream.close()
    get_logger("a").info("into the void")
    configure_logging(production=True, level="WARNING")


@pytest.mark.parametrize("level", ["INFO", "ERROR"])
def test_talkative_libraries_are_kept_down(level: str) -> None:
    """httpx tells every request at INFO, which our own lines say already."""
    configure_logging(production=True, level=level)
    assert logging.getLogger("httpx").level >= logging.WARNING
    configure_logging(production=True, level="WARNING")


def test_a_finalizer_that_logs_amid_a_write_does_not_hang() -> None:
    """The garbage collector may run one in the very thread that holds the output."""

    class Finalizing(io.BytesIO):
        amid = False

        def write(self, line: Any) -> int:
            if not self.amid:
                self.amid = True
                logging.getLogger("finalizer").error("never retrieved")
            return super().write(line)

    stream = Finalizing()
    configure_logging(production=True, stream=stream)
    thread = threading.Thread(target=get_logger("a").info, args=("x",), daemon=True)
    thread.start()
    thread.join(5)
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["never retrieved", "x"]
    configure_logging(production=True, level="WARNING")


def test_an_exception_without_a_message_and_a_value_without_a_bottom_harm_nobody(logs: Any) -> None:
    """Both have their line: of the second what anybody would read."""

    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError("no message")

    endless: dict[str, Any] = {}
    endless["self"] = endless
    get_logger("a").error("failed", exc_info=Mute())
    get_logger("a").error("endless", value=endless)
    line, other = logs.all()
    assert "[TOO DEEP]" in json.dumps(other)
    assert (line["error_type"], line["error"]) == ("Mute", "<no message>")
