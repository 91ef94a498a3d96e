"""Whether anything watches, asked of a real Prometheus."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from artisan.doctor import Harm
from artisan.doctor.checks import dashboards
from artisan.doctor.checks.scrape import JOB
from artisan.stack.tools import Tools
from tests.e2e.processes import eventually
from tests.llm.vendor import hang_up, raw, running_vendor
from tests.ports import free_port
from tests.watching.backend_with_traffic import BackendWithTraffic

from .conftest import Look, only
from .watching import Watcher, listening, prometheus

FAILING = {
    "groups": [
        {
            "name": "g",
            "rules": [
                {"alert": "Fine", "expr": "vector(0) > 1"},
                # Two series on one side that have the same labels: PromQL that is sound, and cannot be evaluated.
                {"alert": "Broken", "expr": "up + on() up"},
                {"record": "broken:recorded", "expr": "up * on() up"},
            ],
        }
    ]
}


def health_of(watcher: Watcher, job: str) -> str:
    """What Prometheus thinks of a target."""
    targets = watcher.says("/api/v1/targets")["data"]["activeTargets"]
    return next((target["health"] for target in targets if target["labels"]["job"] == job), "missing")


@pytest.fixture(scope="module")
def ill(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watcher]:
    """It scrapes a backend that is gone, cannot evaluate its rules, and knows no Alertmanager."""
    gone = {"artisan-backend": f"127.0.0.1:{free_port()}", "other": f"127.0.0.1:{free_port()}"}
    with prometheus(tools, tmp_path_factory.mktemp("ill"), targets=gone, rules=FAILING) as watcher:
        eventually(lambda: health_of(watcher, "artisan-backend") == health_of(watcher, "other") == "down")
        eventually(lambda: '"err"' in json.dumps(watcher.says("/api/v1/rules")))
        yield watcher


@pytest.fixture(scope="module")
def idle(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watcher]:
    """It scrapes nothing of ours, and has no rules."""
    targets = {"other": f"127.0.0.1:{free_port()}"}
    with prometheus(tools, tmp_path_factory.mktemp("idle"), targets=targets, tells="127.0.0.1:9") as watcher:
        yield watcher


async def test_a_prometheus_that_is_away_is_told_once(look: Look) -> None:
    """What only it could answer is then left open."""
    gone = f"http://127.0.0.1:{free_port()}"
    finding = only(await look("prometheus", PROMETHEUS_URL=gone))
    assert finding.harm is Harm.ERROR
    assert finding.what == f"Prometheus at {gone} cannot be reached (Connection refused)."
    for check in ("scrape", "rules", "delivery"):
        outcome = await look(check, PROMETHEUS_URL=gone)
        assert (outcome.findings, outcome.skipped) == ((), "Prometheus does not answer")


async def test_nobody_has_to_have_one(look: Look, bare: pytest.MonkeyPatch) -> None:
    """Where none is named and nobody depends on the service it is a warning; 9090 may be in use on this machine."""
    bare.delenv("PROMETHEUS_URL")
    assert Harm.ERROR not in {finding.harm for finding in (await look("prometheus")).findings}


async def test_a_stranger_in_its_place_is_told(look: Look) -> None:
    """Its port alone does not make a Prometheus."""
    for body in (b"<html>", b'{"data": {}}', b"[]"):
        async with running_vendor(raw("200 OK", body)) as stranger:
            finding = only(await look("prometheus", PROMETHEUS_URL=stranger.base_url))
        assert finding.harm is Harm.ERROR


async def test_one_that_runs_is_fine(look: Look, idle: Watcher) -> None:
    """By itself."""
    assert (await look("prometheus", PROMETHEUS_URL=idle.url)).findings == ()


async def test_a_configuration_that_it_refused_is_told(look: Look, tools: Tools, tmp_path: Path) -> None:
    """It goes on with the old one, and looks well until its next start."""
    with prometheus(tools, tmp_path, targets={}) as watcher:
        watcher.config.write_text("global: {scrape_interval: never}")
        assert watcher.http.post("/-/reload").status_code == 500
        finding = only(await look("prometheus", PROMETHEUS_URL=watcher.url))
    assert (finding.harm, "could not read its configuration" in finding.what) == (Harm.ERROR, True)


async def test_a_target_that_answers_is_fine(look: Look, tools: Tools, tmp_path: Path) -> None:
    """Prometheus gets what it asks for."""
    with BackendWithTraffic() as backend, prometheus(tools, tmp_path, targets={JOB: backend.address}) as watcher:
        eventually(lambda: health_of(watcher, JOB) == "up")
        assert (await look("scrape", PROMETHEUS_URL=watcher.url)).findings == ()


async def test_a_target_that_is_down_is_told(look: Look, ill: Watcher) -> None:
    """With Prometheus' own words; targets of other jobs are none of ours."""
    finding = only(await look("scrape", PROMETHEUS_URL=ill.url))
    assert finding.harm is Harm.ERROR
    assert "connection refused" in finding.what
    assert finding.mend == "make up"


class Locked(BaseHTTPRequestHandler):
    """A backend that wants a token."""

    def do_GET(self) -> None:
        self.send_response(401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


async def test_a_token_that_prometheus_lacks_is_told(look: Look, tools: Tools, tmp_path: Path) -> None:
    """With the command that gives it, in which the token itself does not stand."""
    with listening(Locked) as url:
        targets = {JOB: url.removeprefix("http://")}
        with prometheus(tools, tmp_path, targets=targets) as watcher:
            eventually(lambda: health_of(watcher, JOB) == "down")
            finding = only(await look("scrape", PROMETHEUS_URL=watcher.url, MONITORING_TOKEN="a-long-token"))
    assert "401 Unauthorized" in finding.what
    assert finding.mend == 'printf %s "$MONITORING_TOKEN" > monitoring/secrets/monitoring-token'


async def test_a_job_that_is_missing_is_told(look: Look, idle: Watcher) -> None:
    """No alarm selects anything then."""
    finding = only(await look("scrape", PROMETHEUS_URL=idle.url, PORT=8123))
    assert (finding.harm, "no target in the job artisan-backend" in finding.what) == (Harm.ERROR, True)
    assert finding.mend == "echo \"[{targets: ['127.0.0.1:8123']}]\" > monitoring/targets/backend.yml"


async def test_rules_that_fail_are_told(look: Look, ill: Watcher) -> None:
    """Each by its name, file and reason; the sound one is not."""
    alarm, recording = (await look("rules", PROMETHEUS_URL=ill.url)).findings
    assert "cannot evaluate the alarm Broken of" in alarm.what
    assert "many-to-many" in alarm.what
    assert "cannot evaluate the recording rule broken:recorded" in recording.what
    assert alarm.mend.endswith("rules.yml")


async def test_no_alerting_rules_are_told(look: Look, idle: Watcher) -> None:
    """Then nothing can ring."""
    assert only(await look("rules", PROMETHEUS_URL=idle.url)).what == "Prometheus has no alerting rules."


async def test_no_alertmanager_is_told(look: Look, ill: Watcher, idle: Watcher) -> None:
    """By a Prometheus that knows none; one that knows one is fine."""
    finding = only(await look("delivery", PROMETHEUS_URL=ill.url, ALERTMANAGER_URL="http://localhost:9093"))
    assert finding.harm is Harm.ERROR
    assert finding.mend == "echo \"[{targets: ['localhost:9093']}]\" > monitoring/targets/alertmanager.yml"
    eventually(lambda: bool(idle.says("/api/v1/alertmanagers")["data"]["activeAlertmanagers"]))
    assert (await look("delivery", PROMETHEUS_URL=idle.url)).findings == ()


async def test_dashboards_are_looked_at_where_they_are(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no setting for them: nothing is no fault, and something that answers will do."""
    monkeypatch.setattr(dashboards, "PORT", free_port())
    assert (await look("dashboards")).skipped.startswith("nothing listens at http://localhost:")
    for reply, told in (
        (raw("200 OK", b'{"database": "ok"}'), []),
        (raw("404 Not Found", b""), []),
        (raw("503 Service Unavailable", b'{"database": "failing"}'), [Harm.WARNING]),
        (hang_up, [Harm.WARNING]),
    ):
        async with running_vendor(reply) as grafana:
            monkeypatch.setattr(dashboards, "PORT", int(grafana.base_url.removesuffix("/v1").rpartition(":")[2]))
            assert [finding.harm for finding in (await look("dashboards")).findings] == told
