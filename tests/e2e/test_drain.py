"""A stop: first nobody new is sent here, then what is under way ends, then all that is known of it is handed over."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import Message

from backend.agents.runner import TIME_LIMIT_SECONDS
from backend.core.config import Settings
from backend.core.errors import ConfigError
from backend.core.monitoring import Monitoring
from backend.serving import STOP_SECONDS
from tests.e2e.load import RUNS
from tests.e2e.processes import eventually
from tests.e2e.rolling import slow_vendor
from tests.e2e.serving import AS_THE_GUIDE_SAYS, Service, served
from tests.tracing.collector import collecting

ENDLESS = [sys.executable, "-m", "tests.e2e.served_endless"]
QUESTION = {"query": "who could sell me something for weaving near Pochampally"}
BY_SIGTERM = -signal.SIGTERM


@pytest.mark.parametrize(("workers", "status"), [(1, BY_SIGTERM), (4, 0)])
def test_a_service_that_is_told_to_stop_is_not_ready_and_serves_on(tmp_path: Path, workers: int, status: int) -> None:
    """Whichever worker answers says so, and each answer ends its connection; then it stops."""
    with served(AS_THE_GUIDE_SAYS, tmp_path, WORKERS=str(workers), DRAIN_SECONDS="15") as service:
        kept = service.client.get("/api/agents")
        told = time.monotonic()
        service.process.terminate()
        eventually(lambda: len(service.lines("service_draining")) == workers, 14, service.log)
        answers = {path: [_on_a_new_connection(service, path) for _ in range(5 * workers)] for path in _STATUSES}
        assert time.monotonic() - told < 15, "too slow to tell"
        assert {path: {each.status_code for each in given} for path, given in answers.items()} == _STATUSES
        assert {each.json()["detail"] for each in answers["/monitoring/health/ready"]} == {"draining"}
        assert {each.headers.get("connection") for given in answers.values() for each in given} == {"close"}
        assert "connection" not in kept.headers
        assert service.process.wait(timeout=60) == status
        assert time.monotonic() - told >= 15
        assert {line["seconds"] for line in service.lines("service_draining")} == {15}
        assert len(service.lines("service_stopped")) == workers


_STATUSES = {"/monitoring/health/ready": {503}, "/monitoring/health/live": {200}, "/api/agents": {200}}


def _on_a_new_connection(service: Service, path: str) -> httpx.Response:
    # Without the certificates, which take longer to load than the answer to come.
    return httpx.get(f"{service.client.base_url}{path}", trust_env=False, verify=False, timeout=20)


def test_an_idle_service_stops_at_once(tmp_path: Path) -> None:
    """Without DRAIN_SECONDS nobody waits, and a kept connection does not hold it."""
    with served(AS_THE_GUIDE_SAYS, tmp_path) as service:
        started = time.monotonic()
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(timeout=20) == 0
        assert time.monotonic() - started < 5


def test_what_is_under_way_ends_and_is_handed_over(tmp_path: Path) -> None:
    """A stream of events has its last one, and its spans and lines arrive at the collector, to the service's last."""
    with slow_vendor() as vendor, collecting() as (collector, address):
        llm = {"LLM_PROVIDERS": f"openai:scripted@{vendor}", "OPENAI_API_KEY": "none"}
        with served(AS_THE_GUIDE_SAYS, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=address, **llm) as service:
            events = _opened_stream(service)
            first = next(events)
            service.process.terminate()
            eventually(lambda: bool(service.lines("Shutting down")), 10, service.log)
            assert [first, *events][-1] == "event: run_completed"
            assert service.process.wait(timeout=20) == BY_SIGTERM
        (line,) = service.lines("request_completed")
        assert (line["endpoint"], line["status"]) == ("/api/agents/{agent_type}/runs", 200)
        of_the_run = [span.name for span in collector.spans if span.trace_id == line["trace_id"]]
        assert {"POST /api/agents/{agent_type}/runs", "invoke_agent supply_hunter"} <= set(of_the_run)
        arrived = [log.body for log in collector.logs]
        assert [event for event in arrived if event in _LAST_LINES] == _LAST_LINES


_LAST_LINES = ["service_draining", "request_completed", "service_stopped"]


def _opened_stream(service: Service) -> Iterator[str]:
    """The names of a run's events as they arrive."""
    with service.client.stream("POST", RUNS, json=QUESTION, headers={"Accept": "text/event-stream"}) as answer:
        yield from (line for line in answer.iter_lines() if line.startswith("event: "))


def test_a_request_has_as_long_to_end_as_a_run_may_take() -> None:
    """A shorter limit would lose the longest."""
    assert STOP_SECONDS > TIME_LIMIT_SECONDS


def test_what_has_not_ended_at_the_limit_is_cut_off_and_told(tmp_path: Path) -> None:
    """Its client sees that there is more to come; its line, counter and span call it broken, before the last line."""
    with collecting() as (collector, address):
        endless = served(ENDLESS, tmp_path, STOP_SECONDS="1", OTEL_EXPORTER_OTLP_ENDPOINT=address)
        with endless as service, service.client.stream("GET", "/ticks") as answer:
            lines = answer.iter_lines()
            next(lines)
            service.process.terminate()
            with pytest.raises(httpx.RemoteProtocolError):
                list(lines)
            assert service.process.wait(timeout=20) == BY_SIGTERM
        (failed,) = service.lines("request_failed")
        (stopped,) = service.lines("service_stopped")
        assert (failed["endpoint"], failed["status"], stopped["broken"]) == ("/ticks", 200, 1)
        assert [span.failed for span in collector.spans if span.name == "GET /ticks"] == [True]


def test_a_second_interrupt_ends_the_wait_and_a_third_gives_up_the_rest(tmp_path: Path) -> None:
    """Who presses Ctrl-C again means it; a repeated SIGTERM, which a group gets twice, means no more than the first."""
    endless = served(ENDLESS, tmp_path, STOP_SECONDS="600", DRAIN_SECONDS="600")
    with endless as service, service.client.stream("GET", "/ticks") as answer:
        next(lines := answer.iter_lines())
        for number in (signal.SIGINT, signal.SIGTERM):
            service.process.send_signal(number)
            eventually(lambda: bool(service.lines("service_draining")), 10, service.log)
        assert (_on_a_new_connection(service, "/monitoring/health/ready").status_code, next(lines)) == (503, "tick")
        service.process.send_signal(signal.SIGINT)
        eventually(lambda: bool(service.lines("Shutting down")), 10, service.log)
        assert next(lines) == "tick"
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(timeout=20) == 0


@pytest.mark.parametrize(("version", "closes"), [("1.1", True), ("1.0", True), ("2", False)])
async def test_only_http_1_has_a_header_that_ends_a_connection(version: str, closes: bool) -> None:
    """HTTP/2 forbids it, and clients refuse an answer that has it. One that the application has set is not doubled."""
    sent: list[Message] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": [(b"connection", b"keep-alive")]})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    monitored = Monitoring(app)
    monitored.drain(ready=True)
    scope = {"type": "http", "http_version": version, "method": "GET", "path": "/", "headers": []}
    await monitored(scope, receive, send)
    await monitored._vitals.stop()
    said = [value for name, value in sent[0]["headers"] if name == b"connection"]
    assert said == [b"close" if closes else b"keep-alive"]
    assert monitored.health.draining is False


@pytest.mark.parametrize("seconds", [-1, 601])
def test_a_drain_has_bounds(seconds: float) -> None:
    """Longer than ten minutes is a slip of the pen."""
    with pytest.raises(ConfigError, match="DRAIN_SECONDS"):
        Settings.load(env_file=None, drain_seconds=seconds)
