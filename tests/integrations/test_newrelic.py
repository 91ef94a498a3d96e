"""`newrelic-admin run-program python -m backend.main`, as in the guide, in the agent's own developer mode.

There it does all it ever does, but writes what it would send to its audit log.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.serving import AS_THE_GUIDE_SAYS, served
from tests.tracing.collector import collecting

from .service import WITH_A_ROUTE_THAT_FAILS, script

RUN = [script("newrelic-admin"), "run-program"]
CONFIG = """
[newrelic]
license_key = 0000000000000000000000000000000000000000
app_name = artisan-hub
developer_mode = true
startup_timeout = 20
distributed_tracing.sampler.root.always_on = true
"""
ASKS_THE_CLOUD = ("aws", "azure", "azurefunction", "azureappservice", "gcp", "pcf", "docker", "kubernetes")
SEARCH = "WebTransaction/Function/backend.api.search:search_router.<locals>.search"
SILK = {"url": "/api/search?q=silk", "headers": {"X-Request-ID": "r-7"}}


class Agent:
    """What New Relic's agent would have sent."""

    def __init__(self, folder: Path) -> None:
        self._audit = folder / "audit"
        config = folder / "newrelic.ini"
        config.write_text(CONFIG + "".join(f"utilization.detect_{cloud} = false\n" for cloud in ASKS_THE_CLOUD))
        self.env = {
            "NEW_RELIC_CONFIG_FILE": str(config),
            "NEW_RELIC_LOG": str(folder / "agent"),
            "NEW_RELIC_AUDIT_LOG": str(self._audit),
        }

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """The facts of the events of one kind, in one dictionary each."""
        messages = self._audit.read_text().split("=" * 78)
        asked = [text for text in messages if f"'method': '{kind}'" in text]
        bodies = [ast.literal_eval(text[text.index("\nDATA: ") + 7 :].strip()) for text in asked]
        return [{**event[0], **event[2]} for body in bodies for event in body[2]]

    def methods(self) -> list[str]:
        """What it would have said, in order."""
        return re.findall(r"^PARAMS: .*'method': '(\w+)'", self._audit.read_text(), re.MULTILINE)


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    return Agent(tmp_path)


def test_a_requests_line_leads_to_its_transaction(agent: Agent, tmp_path: Path) -> None:
    """All is told once, the metrics are as ever, and a SIGTERM loses nothing."""
    with served([*RUN, *AS_THE_GUIDE_SAYS], tmp_path, **agent.env) as service:
        assert service.client.get(**SILK).status_code == 200
        page = service.client.get("/monitoring/metrics").text
        assert service.stop() == -15
    (transaction,) = [event for event in agent.sent("analytic_event_data") if event["request.uri"] == "/api/search"]
    assert (transaction["name"], transaction["http.statusCode"]) == (SEARCH, 200)
    (line,) = service.lines("request_completed")
    assert line["request_id"] == "r-7"
    assert line["trace_id"] == transaction["traceId"]
    roots = {span["guid"] for span in agent.sent("span_event_data") if span.get("transaction.name") == SEARCH}
    assert roots == {line["span_id"]}
    assert 'http_requests_total{method="GET",endpoint="/api/search",status="200"} 1' in page
    assert len(service.lines("service_stopped")) == 1
    assert agent.methods()[-1] == "shutdown"


def test_what_fails_leads_to_its_transaction(agent: Agent, tmp_path: Path) -> None:
    """Also the lines of libraries."""
    with served([*RUN, *WITH_A_ROUTE_THAT_FAILS], tmp_path, **agent.env) as service:
        assert service.client.post("/fail/asha").status_code == 500
        service.stop()
    (error,) = agent.sent("error_event_data")
    assert (error["error.class"], error["http.statusCode"]) == ("builtins:ValueError", 500)
    (failed,), (library,) = service.lines("request_failed"), service.lines("about to fail")
    assert failed["trace_id"] == library["trace_id"] == error["traceId"]
    assert failed["span_id"] is not None


def test_ours_goes_first_where_both_trace(agent: Agent, tmp_path: Path) -> None:
    """Each records its own; a line has the ids of the one that OTEL_EXPORTER_OTLP_ENDPOINT asked for."""
    with collecting() as (received, url):
        env = {**agent.env, "OTEL_EXPORTER_OTLP_ENDPOINT": url}
        with served([*RUN, *AS_THE_GUIDE_SAYS], tmp_path, **env) as service:
            assert service.client.get(**SILK).status_code == 200
            service.stop()
    (ours,) = [span for span in received.spans if span.name == "GET /api/search"]
    (theirs,) = [event for event in agent.sent("analytic_event_data") if event["name"] == SEARCH]
    (line,) = service.lines("request_completed")
    assert (line["trace_id"], line["span_id"]) == (ours.trace_id, ours.span_id)
    assert theirs["traceId"] != ours.trace_id


def test_every_worker_records(agent: Agent, tmp_path: Path) -> None:
    """WORKERS starts processes that the agent follows into."""
    with served([*RUN, *AS_THE_GUIDE_SAYS], tmp_path, **agent.env, WORKERS="2") as service:
        for _ in range(4):
            assert service.client.get(**SILK).status_code == 200
        service.stop()
    told = {line["trace_id"] for line in service.lines("request_completed")}
    assert len(told) == 4
    sent = agent.sent("analytic_event_data")
    assert told == {event["traceId"] for event in sent if event["request.uri"] == "/api/search"}


def test_without_a_key_it_only_runs_the_program(tmp_path: Path) -> None:
    """The guide's command alone: New Relic's launcher leaves the agent off."""
    with served([*RUN, *AS_THE_GUIDE_SAYS], tmp_path, NEW_RELIC_LICENSE_KEY="", NEW_RELIC_CONFIG_FILE="") as service:
        assert service.client.get(**SILK).status_code == 200
        assert service.stop() == -15
    (line,) = service.lines("request_completed")
    assert line["trace_id"] is None
