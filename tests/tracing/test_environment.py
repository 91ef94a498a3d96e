"""OTEL_* are read as OpenTelemetry defines them; what cannot work stops the start with a sentence."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from backend.core.config import adopt_otel_variables
from backend.core.monitoring.tracing.environment import SAMPLERS, Export

ROOT = Path(__file__).resolve().parents[2]
URL = "http://127.0.0.1:4318"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, (False, False)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": URL}, (True, True)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": f" {URL}/ "}, (True, True)),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{URL}/v1/traces"}, (True, False)),
        ({"OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": f"{URL}/v1/logs"}, (False, True)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": URL, "OTEL_LOGS_EXPORTER": "none"}, (True, False)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": URL, "OTEL_TRACES_EXPORTER": "none"}, (False, True)),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": URL, "OTEL_SDK_DISABLED": "TRUE"}, (False, False)),
    ],
)
def test_a_signal_is_sent_where_it_has_an_endpoint(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: tuple[bool, bool]
) -> None:
    """And is not switched off."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Export.from_environment() == expected


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318", "must be a URL"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://", "must be a URL"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h:99999", "must be a URL"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://[", "must be a URL"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "must be one of http/protobuf"),
        ("OTEL_TRACES_SAMPLER", "sometimes", "must be one of always_on, "),
        ("OTEL_TRACES_EXPORTER", "zipkin", "must be one of otlp, none"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "many", "must be a positive whole number"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "0", "must be a positive whole number"),
    ],
)
def test_a_value_that_cannot_work_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    """Key, value and what is allowed."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=re.escape(f"{name}={value!r}: {sentence}")):
        Export.from_environment()


@pytest.mark.parametrize("ratio", ["2", "-0.1", "half", "nan"])
def test_a_ratio_is_between_0_and_1(monkeypatch: pytest.MonkeyPatch, ratio: str) -> None:
    """OpenTelemetry's own part would record everything instead."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", ratio)
    with pytest.raises(ValueError, match="OTEL_TRACES_SAMPLER_ARG"):
        Export.from_environment()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_of_the_specification_is_known(monkeypatch: pytest.MonkeyPatch, sampler: str) -> None:
    """Those that need no more than an argument."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    assert Export.from_environment() == (False, False)


def test_a_password_in_an_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even one that cannot work."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://me:hunter2@collector")
    with pytest.raises(ValueError, match=re.escape("=(secret): must be a URL")):
        Export.from_environment()


def test_the_service_refuses_to_start_with_one_sentence(tmp_path: Path) -> None:
    """Exit status 2 and no traceback."""
    env = {**os.environ, "OTEL_TRACES_SAMPLER": "sometimes", "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/a.db"}
    command = [sys.executable, "-m", "backend.main"]
    ended = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("OTEL_TRACES_SAMPLER='sometimes': must be one of")
    assert len(ended.stderr.splitlines()) == 1


def test_the_file_of_settings_gives_them_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment wins, and nothing else of the file gets into it."""
    file = tmp_path / ".env"
    file.write_text("OTEL_SERVICE_NAME=file\nOTEL_TRACES_SAMPLER=always_off\nOTEL_BSP_SCHEDULE_DELAY=\nHOST=file\n")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "environment")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "")
    monkeypatch.delenv("OTEL_TRACES_SAMPLER")
    adopt_otel_variables(file)
    try:
        assert os.environ["OTEL_SERVICE_NAME"] == "environment"
        assert os.environ["OTEL_TRACES_SAMPLER"] == "always_off"
        assert "HOST" not in os.environ
        assert "OTEL_BSP_SCHEDULE_DELAY" not in os.environ
    finally:
        os.environ.pop("OTEL_TRACES_SAMPLER", None)
