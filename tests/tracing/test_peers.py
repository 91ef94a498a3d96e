"""Other people's programs read what we send: an OTLP receiver, and a Prometheus whose exemplars lead to the traces."""

from __future__ import annotations

import json
import socket
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import eventually, running
from tests.ports import free_port
from tests.prometheus import Prometheus, prometheus, scraping

from .collector import Collector
from .conftest import StartBackend

_EXEMPLARS = "--enable-feature=exemplar-storage"


def test_an_otlp_receiver_reads_spans_and_log_records(backend: StartBackend, tmp_path: Path) -> None:
    """Both of one request, with the same ids."""
    port, printed = free_port(), tmp_path / "tap.log"

    def received() -> list[dict[str, Any]]:
        return [json.loads(line) for line in printed.read_text().splitlines() if line.startswith("{")]

    with running([sys.executable, "-m", "oteltap", "--port", str(port)], printed):
        eventually(lambda: listens(port), 20, printed)
        with backend(f"http://127.0.0.1:{port}") as service:
            assert service.client.get("/api/agents", headers={"X-Request-ID": "tap-1"}).status_code == 200
        eventually(lambda: any(each.get("name") == "GET /api/agents" for each in received()), 20, printed)
    (span,) = [each for each in received() if each.get("name") == "GET /api/agents"]
    (log,) = [each for each in received() if each.get("body", {}).get("stringValue") == "request_completed"]
    assert (log["traceId"], log["spanId"]) == (span["traceId"], span["spanId"])
    for attributes in (span["attributes"], log["attributes"]):
        assert {"key": "request_id", "value": {"stringValue": "tap-1"}} in attributes


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def exemplars(store: Prometheus, metric: str) -> list[dict[str, Any]]:
    now = time.time()
    query = {"query": f"{metric}_bucket", "start": str(now - 600), "end": str(now + 600)}
    series = store.client.get("/api/v1/query_exemplars", params=query).json()["data"]
    return [{**each["seriesLabels"], **exemplar["labels"]} for each in series for exemplar in each["exemplars"]]


def test_an_exemplar_of_prometheus_leads_to_the_trace(
    collector: tuple[Collector, str], backend: StartBackend, tmp_path: Path
) -> None:
    """That of the request's duration to its span, that of the run's to the run's."""
    received, url = collector
    with (
        backend(url) as service,
        prometheus(tmp_path, scraping(service.client.base_url.netloc.decode(), "500ms"), _EXEMPLARS) as store,
    ):
        run = {"query": "fairs in March"}
        assert service.client.post("/api/agents/supply_hunter/runs", json=run).status_code == 200
        eventually(lambda: bool(exemplars(store, "http_request_duration_seconds")), 30, store.log)
        eventually(lambda: bool(exemplars(store, "agent_execution_duration_seconds")), 30, store.log)
        of_the_request = exemplars(store, "http_request_duration_seconds")
        of_the_run = exemplars(store, "agent_execution_duration_seconds")
    spans = {(span.trace_id, span.span_id): span.name for span in received.spans}
    assert {spans[each["trace_id"], each["span_id"]] for each in of_the_request} == {
        "POST /api/agents/{agent_type}/runs"
    }
    assert {spans[each["trace_id"], each["span_id"]] for each in of_the_run} == {"invoke_agent supply_hunter"}


@pytest.mark.parametrize(
    ("sampler", "argument", "expected"),
    [("always_off", "", 0), ("parentbased_traceidratio", "0.25", 40), ("parentbased_always_off", "", 160)],
)
def test_a_sampler_keeps_its_part(
    collector: tuple[Collector, str], backend: StartBackend, sampler: str, argument: str, expected: int
) -> None:
    """Of 160 requests; those whose caller's trace is kept are kept by every sampler that looks at the parent."""
    received, url = collector
    flags = "01" if sampler == "parentbased_always_off" else ""
    with backend(url, OTEL_TRACES_SAMPLER=sampler, OTEL_TRACES_SAMPLER_ARG=argument) as service:
        for number in range(1, 161):
            headers = {"traceparent": f"00-{number:032x}-{number:016x}-{flags}"} if flags else {}
            assert service.client.get("/api/agents", headers=headers).status_code == 200
    lines = service.log.read_text().count('"request_completed"')  # the last one may follow its answer
    kept = len({span.trace_id for span in received.spans})
    assert lines == 160
    assert abs(kept - expected) <= (30 if argument else 0)
