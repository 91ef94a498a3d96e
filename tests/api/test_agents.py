"""Running an agent over HTTP, as one answer or as events, to the end or not."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import httpx

RUN = "/api/agents/supply_hunter/runs"
QUESTION = {"query": "raw silk for a weaver in Karnataka"}


def test_agents_are_listed(api: httpx.Client) -> None:
    """With what they are for and what they may use."""
    (agent,) = api.get("/api/agents").json()["agents"]
    assert agent["agent_type"] == "supply_hunter"
    assert set(agent["tools"]) == {"search_catalogue", "lookup_record", "fairs_by_month"}


def test_a_run_answers_with_citations_and_moves_its_metrics(api: httpx.Client, rise: Any) -> None:
    """Agent, tool and database metrics, once each."""
    runs = rise("agent_executions_total", agent_type="supply_hunter", status="success")
    timed = rise("agent_execution_duration_seconds_count", agent_type="supply_hunter")
    tool = rise("tool_executions_total", tool_name="search_catalogue", status="success")
    active = rise("active_agents")
    reply = api.post(RUN, json=QUESTION, headers={"X-Request-ID": "run-1"})
    body = reply.json()
    assert (reply.status_code, body["request_id"], body["agent_type"]) == (200, "run-1", "supply_hunter")
    assert body["citations"]
    assert any(citation["name"] in body["answer"] for citation in body["citations"])
    assert (runs(), timed(), active()) == (1, 1, 0)
    assert tool() >= 1


def test_one_request_id_is_in_every_line_of_a_run(api: httpx.Client, logs: Any) -> None:
    """From the tools to the request's own line."""
    api.post(RUN, json={"query": "jute yarn in West Bengal"}, headers={"X-Request-ID": "trace-me"})
    events = {line["event"] for line in logs.all() if line["request_id"] == "trace-me"}
    assert {"agent_execution_completed", "request_completed"} <= events
    assert not [line for line in logs.all() if line["level"] == "error"]


def test_a_run_as_events(api: httpx.Client) -> None:
    """Steps as they happen, the answer last."""
    with api.stream("POST", RUN, json=QUESTION, headers={"Accept": "text/event-stream"}) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        lines = list(reply.iter_lines())
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    data = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    assert (names[0], names[-1]) == ("run_started", "run_completed")
    assert "step_completed" in names
    assert len(names) == len(data)


def test_a_client_that_leaves_cancels_its_run(api: httpx.Client, base_url: str, rise: Any) -> None:
    """499, `cancelled`, and in no error ratio: the service goes on for nobody."""
    left = rise("http_requests_total", method="POST", endpoint="/api/agents/{agent_type}/runs", status="499")
    errors = rise("agent_executions_total", agent_type="supply_hunter", status="error")
    body = json.dumps(QUESTION).encode()
    host, port = base_url.removeprefix("http://").split(":")
    for _ in range(20):  # a run is quick: leaving must come before its end at least once
        with socket.create_connection((host, int(port))) as connection:
            head = (f"POST {RUN} HTTP/1.1", "Host: x", "Content-Type: application/json", f"Content-Length: {len(body)}")
            connection.sendall("\r\n".join((*head, "", "")).encode() + body)
        api.get("/monitoring/health/live")
        if left():
            break
        time.sleep(0.01)
    assert left() >= 1
    assert errors() == 0
