"""What a user of the guide sees on a running stack. The last tests stop it and start it again."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from typing import Any

import httpx
import pytest

from artisan.stack.tools import find

from .conftest import PARTS, READY_WITHIN, ROOT, STOPPED_WITHIN, Stack


def promql(stack: Stack, query: str) -> list[dict[str, Any]]:
    answer = httpx.get(f"{stack.url('prometheus')}/api/v1/query", params={"query": query}).json()
    result: list[dict[str, Any]] = answer["data"]["result"]
    return result


def test_every_part_is_ready_and_told(stack: Stack) -> None:
    """A table of parts, addresses and states, then three commands to try."""
    said = stack.said()
    for part in PARTS:
        assert re.search(rf"^{part} +ready in ", said, re.MULTILINE)
        assert re.search(rf"^{part} +\w+://localhost:{stack.ports[part]} +ready *$", said, re.MULTILINE)
    assert re.findall(r"^(\w+) +left out", said, re.MULTILINE) == ["heartbeat"]
    assert len(re.findall("^  (curl|xdg-open|open) ", said, re.MULTILINE)) == 3


def test_health_knows_every_dependency(stack: Stack) -> None:
    """All configured, all up."""
    health = httpx.get(f"{stack.url('backend')}/monitoring/health").json()
    assert {name: check["status"] for name, check in health["checks"].items()} == dict.fromkeys(
        ("redis", "llm", "database", "vector_store"), "healthy"
    )
    assert health["checks"]["llm"]["provider"] == "local"


def test_one_request_id_is_followed_through_everything(stack: Stack) -> None:
    """Header, agent run, log lines: compact JSON, as the guide's grep expects."""
    mine = {"X-Request-ID": "follow-me-1"}
    body = {"query": "where can I buy bambu for baskets in Assam"}
    reply = httpx.post(f"{stack.url('backend')}/api/agents/supply_hunter/runs", json=body, headers=mine, timeout=120)
    assert reply.status_code == 200
    assert reply.headers["x-request-id"] == reply.json()["request_id"] == "follow-me-1"
    wait_for(lambda: len(lines_of(stack, "follow-me-1")) >= 2)
    lines = lines_of(stack, "follow-me-1")
    events = [json.loads(line)["event"] for line in lines]
    assert events.count("request_completed") == 1
    assert events.count("agent_execution_completed") == 1
    assert any('"level":"info","event":"request_completed"' in line for line in lines)


def test_every_line_of_the_backend_is_json_with_the_same_first_keys(stack: Stack) -> None:
    """Of every library, uvicorn's and alembic's too."""
    first = ["timestamp", "level", "event", "request_id", "trace_id", "span_id", "logger"]
    assert all(list(json.loads(line))[:7] == first for line in stack.log_lines())


def test_the_local_llm_is_measured_and_costs_nothing(stack: Stack) -> None:
    """Tokens as it reports them, cost 0 by declaration and not by ignorance."""
    body = {"query": "who sells blu dye for my skarves"}
    httpx.post(f"{stack.url('backend')}/api/agents/supply_hunter/runs", json=body, timeout=120).raise_for_status()
    page = httpx.get(f"{stack.url('backend')}/monitoring/metrics").text
    samples = dict(line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("llm_"))
    model = 'provider="local",model="smollm2-135m-instruct"'
    assert float(samples[f'llm_requests_total{{{model},status="success"}}']) >= 1
    assert float(samples[f'llm_tokens_used_total{{{model},type="prompt"}}']) > 0
    assert float(samples[f"llm_cost_usd_total{{{model}}}"]) == 0
    assert float(samples[f"llm_unpriced_requests_total{{{model}}}"]) == 0


def test_the_nine_alerts_are_loaded_and_silent(stack: Stack) -> None:
    """And all others with them; a healthy stack rings nothing but what always rings."""
    answer = httpx.get(f"{stack.url('prometheus')}/api/v1/rules?type=alert").json()
    rules = [rule for group in answer["data"]["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in rules} > {
        "HighErrorRate",
        "ServiceUnavailable",
        "RedisUnavailable",
        "LLMProviderErrors",
        "SlowResponseTime",
        "HighAgentErrorRate",
        "HighLLMLatency",
        "HighMemoryUsage",
        "LowCacheHitRate",
    }
    assert {rule["health"] for rule in rules} <= {"ok", "unknown"}
    assert [rule["name"] for rule in rules if rule["state"] == "firing"] == ["Watchdog"]


def test_an_alert_becomes_a_mail_that_can_be_read(stack: Stack) -> None:
    """Alertmanager takes it, and the mailbox shows it, with links to the Prometheus of this stack."""
    source = f"http://localhost:{stack.ports['prometheus']}/graph?g0.expr=vector%281%29"
    alert = {
        "labels": {"alertname": "Rehearsed", "severity": "critical"},
        "annotations": {"summary": "Somebody looks how a mail looks", "description": "It has 3 <b>parts</b>."},
        "generatorURL": source,
    }
    httpx.post(f"{stack.url('alertmanager')}/api/v2/alerts", json=[alert]).raise_for_status()
    wait_for(lambda: [mail for mail in mails_of(stack) if "Rehearsed" in mail["subject"]])
    (listed,) = [mail for mail in mails_of(stack) if "Rehearsed" in mail["subject"]]
    mail = httpx.get(f"{stack.url('mailbox')}/api/messages/{listed['id']}").json()
    for body in (mail["text"], mail["html"]):
        assert "Somebody looks how a mail looks" in body
        assert f"http://localhost:{stack.ports['prometheus']}/" in body
    assert "3 &lt;b&gt;parts&lt;/b&gt;" in mail["html"]
    assert "Rehearsed" in httpx.get(f"{stack.url('mailbox')}/messages/{listed['id']}").text
    assert not [mail for mail in mails_of(stack) if "Watchdog" in mail["subject"]]


@pytest.mark.parametrize("page", ["/", "/graph", "/targets", "/alerts"])
def test_prometheus_pages_are_where_the_guide_says(stack: Stack, page: str) -> None:
    """With the scripts that draw them."""
    reply = httpx.get(f"{stack.url('prometheus')}{page}", follow_redirects=True)
    scripts = re.findall(r'<script src="([^"]+)"', reply.text)
    assert reply.status_code == 200
    assert scripts
    assert {httpx.get(reply.url.join(script)).status_code for script in scripts} == {200}


def test_the_guide_holds(stack: Stack) -> None:
    """Every metric, page, error, query and alert of the guide, by a check that knows nothing of the inside."""
    check = ROOT / "tests" / "contract" / "guide_contract.py"
    options = ["--base", stack.url("backend"), "--prometheus", stack.url("prometheus"), "--repo", ROOT]
    options += ["--guide", ROOT / "docs" / "guide.md"]
    answer = subprocess.run(
        [sys.executable, check, *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_the_rules_are_what_promtool_accepts(stack: Stack) -> None:
    """The rendered files, as Prometheus loads them."""
    promtool = find(stack.state).programs["promtool"]
    run = stack.state / "run"
    subprocess.run([promtool, "check", "config", run / "prometheus.yml"], check=True, capture_output=True)


def test_a_part_that_is_killed_comes_back(stack: Stack) -> None:
    """Valkey dies: searches go on, health says so, the supervisor restarts it."""
    (valkey,) = [process for process in stack.processes() if process.name() == "valkey-server"]
    valkey.kill()
    assert httpx.get(f"{stack.url('backend')}/api/search?q=silk").status_code == 200
    wait_for(lambda: "valkey           restarting" in stack.said())
    wait_for(lambda: health_of(stack, "redis") == "healthy")


def test_a_stop_leaves_nothing_and_a_second_start_is_quick(stack: Stack) -> None:
    """Within ten seconds, no process left, no stale lock; what was fetched and seeded stays.

    The second start has a token, which reaches Prometheus by a file that only its owner can read.
    """
    assert stack.stop() < STOPPED_WITHIN
    assert (stack.process.returncode, stack.processes()) == (0, [])
    stack.start(MONITORING_TOKEN="a-token-for-scraping")
    assert stack.seconds_to_ready < READY_WITHIN / 2
    assert httpx.get(f"{stack.url('backend')}/monitoring/metrics").status_code == 401
    wait_for(lambda: promql(stack, 'up{job="artisan-backend"} == 1'))
    assert (stack.state / "run" / "secrets" / "monitoring-token").stat().st_mode & 0o777 == 0o600
    assert stack.stop() < STOPPED_WITHIN
    assert stack.processes() == []


def lines_of(stack: Stack, request_id: str) -> list[str]:
    return [line for line in stack.log_lines() if f'"request_id":"{request_id}"' in line]


def health_of(stack: Stack, dependency: str) -> str:
    checks = httpx.get(f"{stack.url('backend')}/monitoring/health").json()["checks"]
    status: str = checks[dependency]["status"]
    return status


def mails_of(stack: Stack) -> list[dict[str, Any]]:
    mails: list[dict[str, Any]] = httpx.get(f"{stack.url('mailbox')}/api/messages").json()["messages"]
    return mails


def wait_for(condition: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
