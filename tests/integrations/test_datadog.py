"""`ddtrace-run python -m backend.main`, as in the guide, and Datadog's own test agent to receive the traces."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.processes import eventually, running
from tests.e2e.serving import AS_THE_GUIDE_SAYS, answers, served
from tests.ports import free_port
from tests.tracing.collector import Collector, collecting

from .service import WITH_A_ROUTE_THAT_FAILS, script

RUN = [script("ddtrace-run")]
OPENMETRICS = {"Accept": "application/openmetrics-text"}
SILK = {"url": "/api/search?q=silk", "headers": {"X-Request-ID": "r-7"}}


class Agent:
    """What Datadog's test agent has received."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self.env = {
            "DD_SERVICE": "artisan-hub",
            "DD_ENV": "production",
            "DD_TRACE_AGENT_URL": str(client.base_url).rstrip("/"),
            "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
            "DD_REMOTE_CONFIGURATION_ENABLED": "false",
        }

    def listens(self) -> bool:
        return answers(self._client, "/info")

    def requests(self) -> list[dict[str, Any]]:
        """The spans of requests that were served."""
        traces = self._client.get("/test/traces").json()
        return [span for trace in traces for span in trace if span["name"] == "fastapi.request"]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    port, log = free_port(), tmp_path / "agent"
    command = [script("ddapm-test-agent"), "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with running(command, log), httpx.Client(base_url=url, trust_env=False) as client:
        agent = Agent(client)
        eventually(agent.listens, 30, log)
        yield agent


@pytest.fixture
def collector() -> Iterator[tuple[Collector, str]]:
    with collecting() as collector:
        yield collector


def ids(span: dict[str, Any]) -> tuple[str, str]:
    """Of a Datadog span, as in our lines: the trace's upper half travels as a tag of its first span."""
    return f"{span['meta']['_dd.p.tid']}{span['trace_id']:016x}", f"{span['span_id']:016x}"


def exemplars(page: str) -> set[tuple[str, str]]:
    """The ids of a trace and a span that a page points to."""
    return set(re.findall(r'# {trace_id="(\w+)",span_id="(\w+)"}', page))


def test_a_requests_line_and_exemplar_lead_to_its_trace(agent: Agent, tmp_path: Path) -> None:
    """All is told once, the metrics are as ever, and a SIGTERM loses nothing."""
    with served([*RUN, *AS_THE_GUIDE_SAYS], tmp_path, **agent.env) as service:
        assert service.client.get(**SILK).status_code == 200
        page = service.client.get("/monitoring/metrics", headers=OPENMETRICS).text
        assert service.stop() == -15
    (span,) = agent.requests()
    assert (span["resource"], span["service"], span["meta"]["env"]) == ("GET /api/search", "artisan-hub", "production")
    (line,) = service.lines("request_completed")
    assert line["request_id"] == "r-7"
    assert (line["trace_id"], line["span_id"]) == ids(span)
    assert 'http_requests_total{method="GET",endpoint="/api/search",status="200"} 1' in page
    duration = [line for line in page.splitlines() if line.startswith("http_request_duration_seconds_bucket")]
    assert exemplars("\n".join(duration)) == {ids(span)}
    assert len(service.lines("service_stopped")) == 1


@pytest.mark.parametrize("injection", ["true", "false"])
def test_what_fails_leads_to_its_trace(agent: Agent, tmp_path: Path, injection: str) -> None:
    """Also the lines of libraries, to which Datadog adds its own names for the same ids."""
    env = {**agent.env, "DD_LOGS_INJECTION": injection}
    with served([*RUN, *WITH_A_ROUTE_THAT_FAILS], tmp_path, **env) as service:
        assert service.client.post("/fail/asha").status_code == 500
        service.stop()
    (span,) = agent.requests()
    assert (span["resource"], span["error"]) == ("POST /fail/{who}", 1)
    (failed,), (library,) = service.lines("request_failed"), service.lines("about to fail")
    assert (failed["trace_id"], failed["span_id"]) == (library["trace_id"], library["span_id"]) == ids(span)
    added = {key: value for key, value in library.items() if key.startswith("dd.") and key.endswith("_id")}
    theirs = {"dd.trace_id": ids(span)[0], "dd.span_id": str(span["span_id"])}
    assert added == (theirs if injection == "true" else {})


def test_ours_goes_first_where_both_trace(agent: Agent, collector: tuple[Collector, str], tmp_path: Path) -> None:
    """Each sends its own trace; a line has the ids of the one that OTEL_EXPORTER_OTLP_ENDPOINT asked for."""
    received, url = collector
    env = {**agent.env, "OTEL_EXPORTER_OTLP_ENDPOINT": url}
    with served([*RUN, *AS_THE_GUIDE_SAYS], tmp_path, **env) as service:
        assert service.client.get(**SILK).status_code == 200
        page = service.client.get("/monitoring/metrics", headers=OPENMETRICS).text
        service.stop()
    (ours,) = [span for span in received.spans if span.name == "GET /api/search"]
    (theirs,) = agent.requests()
    (line,) = service.lines("request_completed")
    assert (line["trace_id"], line["span_id"]) == (ours.trace_id, ours.span_id)
    assert {trace for trace, _ in exemplars(page)} == {ours.trace_id}
    assert ids(theirs)[0] != ours.trace_id


def test_every_worker_traces(agent: Agent, tmp_path: Path) -> None:
    """WORKERS starts processes that the agent follows into."""
    with served([*RUN, *AS_THE_GUIDE_SAYS], tmp_path, **agent.env, WORKERS="2") as service:
        for _ in range(4):
            assert service.client.get(**SILK).status_code == 200
        service.stop()
    told = {(line["trace_id"], line["span_id"]) for line in service.lines("request_completed")}
    assert len(told) == 4
    assert told == {ids(span) for span in agent.requests()}


def test_lines_have_no_ids_of_traces_that_nobody_sends(agent: Agent, tmp_path: Path) -> None:
    """DD_TRACE_ENABLED=false keeps the agent, without traces."""
    with served([*RUN, *AS_THE_GUIDE_SAYS], tmp_path, **agent.env, DD_TRACE_ENABLED="false") as service:
        assert service.client.get(**SILK).status_code == 200
        service.stop()
    assert agent.requests() == []
    (line,) = service.lines("request_completed")
    assert (line["trace_id"], line["span_id"]) == (None, None)


def test_nobody_else_pays_for_agents() -> None:
    """Without one, none is imported, although they are installed here."""
    program = "import json, sys; from backend.main import create_app; create_app(); print(json.dumps([*sys.modules]))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(ended.stdout.splitlines()[-1])}
    assert "backend" in loaded
    assert not loaded & {"ddtrace", "newrelic", "sentry_sdk"}
