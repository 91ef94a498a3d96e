"""A collector that is away, slow or refuses costs no request anything, and what it did not get is counted."""

from __future__ import annotations

import re
import threading
import time
from typing import Any, NamedTuple

import httpx
import pytest
from opentelemetry.trace import SpanKind

from backend.core.monitoring.tracing import Work, end_span, start_span
from backend.core.monitoring.tracing.export import Exporting
from tests.e2e.processes import eventually
from tests.e2e.serving import Service
from tests.ports import free_port

from .collector import Collector
from .conftest import StartBackend

REQUESTS = 300
QUICK = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_BLRP_SCHEDULE_DELAY": "100", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}


class Counted(NamedTuple):
    """What a page of metrics says of one signal."""

    exported: float
    queue_full: float
    export_failed: float

    @property
    def all(self) -> float:
        return sum(self)


def counted(client: httpx.Client, signal: str) -> Counted:
    page = client.get("/monitoring/metrics").text

    def value(series: str) -> float:
        found = re.search(rf"^{re.escape(series)} (\S+)$", page, re.MULTILINE)
        return float(found[1]) if found else 0.0

    dropped = [
        f'telemetry_dropped_total{{signal="{signal}",reason="{why}"}}' for why in ("queue_full", "export_failed")
    ]
    return Counted(value(f'telemetry_exported_total{{signal="{signal}"}}'), *map(value, dropped))


def requests_of(service: Service, count: int) -> float:
    """Ask so often; the seconds that it took."""
    started = time.perf_counter()
    for _ in range(count):
        assert service.client.get("/api/agents").status_code == 200
    return time.perf_counter() - started


@pytest.mark.parametrize("fault", ["away", "503", "400", "slow"])
def test_what_a_bad_collector_did_not_get_is_counted(
    collector: tuple[Collector, str], backend: StartBackend, fault: str
) -> None:
    """Each span was taken or counted as lost, and no request has waited for it."""
    received, url = collector
    if fault == "away":
        url = f"http://127.0.0.1:{free_port()}"
    received.status = int(fault) if fault.isdecimal() else 200
    received.delay = 5.0 if fault == "slow" else 0.0
    with backend(url, **QUICK) as service:
        seconds = requests_of(service, REQUESTS)
        eventually(lambda: counted(service.client, "span").all >= REQUESTS, 60, service.log)
        spans = counted(service.client, "span")
        lines = service.log.read_text().count('"request_completed"')
        received.status, received.delay = 200, 0.0
    assert (spans.exported, spans.export_failed) == (0, REQUESTS)
    assert lines == REQUESTS
    assert seconds < 5, "requests have waited for the collector"


def test_what_finds_no_room_is_counted(collector: tuple[Collector, str], backend: StartBackend) -> None:
    """The oldest give way; those that were sent and those that were lost are all there were."""
    received, url = collector
    received.delay = 0.5
    small = {"OTEL_BSP_MAX_QUEUE_SIZE": "16", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "8", "OTEL_EXPORTER_OTLP_TIMEOUT": "10"}
    with backend(url, **(QUICK | small)) as service:
        requests_of(service, REQUESTS)
        eventually(lambda: counted(service.client, "span").all == REQUESTS, 60, service.log)
        spans = counted(service.client, "span")
        received.delay = 0.0
    assert spans.queue_full > REQUESTS / 2
    assert spans.export_failed == 0
    assert len([span for span in received.spans if span.name == "GET /api/agents"]) == spans.exported


def test_a_collector_that_comes_back_within_the_retries_gets_it_all(
    collector: tuple[Collector, str], backend: StartBackend
) -> None:
    """A restart of the collector loses nothing."""
    received, url = collector
    received.status = 503
    with backend(url, OTEL_BSP_SCHEDULE_DELAY="100") as service:
        requests_of(service, 50)
        eventually(lambda: received.requests > 0, 30, service.log)
        received.status = 200
        eventually(lambda: counted(service.client, "span").exported == 50, 30, service.log)
        assert counted(service.client, "span") == (50, 0, 0)


def test_at_the_end_all_is_sent_within_the_limit(collector: tuple[Collector, str], backend: StartBackend) -> None:
    """What was recorded a moment before the signal arrives; a collector that hangs does not keep the process."""
    received, url = collector
    with backend(url, OTEL_BSP_SCHEDULE_DELAY="60000", OTEL_BLRP_SCHEDULE_DELAY="60000") as service:
        requests_of(service, 20)
        assert received.spans == []
    assert len(received.spans) == 20
    assert [log.body for log in received.logs].count("request_completed") == 20
    assert "service_stopped" in {log.body for log in received.logs}
    received.delay = 30.0
    with backend(url, OTEL_BSP_SCHEDULE_DELAY="60000", OTEL_EXPORTER_OTLP_TIMEOUT="60") as service:
        requests_of(service, 20)
        service.process.terminate()
        service.process.wait(15)


def test_what_was_not_sent_at_the_end_is_counted_once(
    collector: tuple[Collector, str], monkeypatch: pytest.MonkeyPatch, rise: Any
) -> None:
    """The batch that is under way and those that wait, whatever becomes of them after all."""
    received, url = collector
    received.delay = 1.5
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", f"{url}/v1/traces")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8")
    late = rise("telemetry_dropped_total", signal="span", reason="shutdown")
    failed = rise("telemetry_dropped_total", signal="span", reason="export_failed")
    sent = rise("telemetry_exported_total", signal="span")
    before = set(threading.enumerate())
    exporting = Exporting({})
    exporting.start()
    for _ in range(20):
        end_span(start_span(Work("late", SpanKind.INTERNAL, {})), "success")
    eventually(lambda: received.requests == 1)
    exporting.stop(within=0.1)
    assert late() == 20
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
    assert (late(), failed(), sent()) == (20, 0, 0)


def test_every_worker_sends_its_own(collector: tuple[Collector, str], backend: StartBackend) -> None:
    """Four of them: each request is one trace, whoever has served it, and its line carries its ids."""
    received, url = collector
    with backend(url, WORKERS="4") as service:
        for _ in range(100):
            with httpx.Client(base_url=service.client.base_url, trust_env=False) as client:
                assert client.get("/api/agents").status_code == 200
    spans = [span for span in received.spans if span.name == "GET /api/agents"]
    served = {span.resource["service.instance.id"] for span in spans}
    assert len(spans) == len({span.trace_id for span in spans}) == 100
    assert len(served) > 1
    lines = {(log.trace_id, log.span_id) for log in received.logs if log.body == "request_completed"}
    assert lines == {(span.trace_id, span.span_id) for span in spans}
