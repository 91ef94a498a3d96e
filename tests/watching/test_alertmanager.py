"""What a real Alertmanager with the committed configuration tells, to whom, in what words, and what it holds back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from artisan.stack.tools import find

from .alertmanager import Alert, Alertmanager
from .conftest import ROOT, Locate
from .test_alerts import SEVERITIES

Start = Callable[..., Alertmanager]
HERE = {"job": "artisan-backend", "instance": "one:8000"}
# The labels that the rules leave on their alerts, besides the severity.
LABELS = {
    "ServiceUnavailable": HERE,
    "RedisUnavailable": HERE | {"dependency": "redis"},
    "DatabaseUnavailable": HERE | {"dependency": "database"},
    "HighMemoryUsage": HERE,
    "EventLoopLag": {"instance": "one:8000"},
    "LLMProviderErrors": {"provider": "groq"},
    "HighLLMLatency": {"provider": "groq"},
    "SlowResponseTime": {"endpoint": "/api/search"},
    "HighAgentErrorRate": {"agent_type": "supply_hunter"},
    "LowCacheHitRate": {"cache_type": "search"},
    "UnpricedLLMRequests": {"provider": "groq", "model": "new"},
    "AlertDeliveryFailing": {"integration": "email"},
    "RuleEvaluationFailing": {"rule_group": "mine.yml;mine"},
    "ErrorBudgetBurnFast": {"slo": "api-availability"},
    "ErrorBudgetBurnSlow": {"slo": "api-availability"},
}
BUDGETS = {"ErrorBudgetBurnFast", "ErrorBudgetBurnSlow"}
HELD_BACK = {
    "ServiceUnavailable": {"RedisUnavailable", "DatabaseUnavailable", "HighMemoryUsage", "EventLoopLag"}
    | {"HighErrorRate", "SlowResponseTime", "LLMProviderErrors", "HighAgentErrorRate", "HighLLMLatency"}
    | {"LowCacheHitRate"}
    | BUDGETS,
    "DatabaseUnavailable": {"HighErrorRate", "SlowResponseTime", "HighAgentErrorRate"} | BUDGETS,
    "RedisUnavailable": {"LowCacheHitRate"},
    "LLMProviderErrors": {"HighLLMLatency"},
    "ErrorBudgetBurnFast": {"ErrorBudgetBurnSlow"},
}


@pytest.fixture
def start(locate: Locate, monitoring: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts an Alertmanager that knows of no alert yet."""
    locate("alertmanager")
    with ExitStack() as running:
        yield lambda **options: running.enter_context(
            Alertmanager(find(ROOT / ".artisan"), monitoring, tmp_path, **options)
        )


def alert(name: str, **labels: str) -> Alert:
    """One as the rules would make it, with other labels where they are given."""
    given = {"alertname": name, "severity": SEVERITIES.get(name, "warning"), **LABELS.get(name, {}), **labels}
    return Alert(given, {"summary": f"{name} rings"})


def mailed(running: Alertmanager) -> set[str]:
    """Names of the alerts that were mailed as firing."""
    found = (re.match(r"\[FIRING[^]]*\] (\w+):", subject) for subject in running.mailbox.subjects())
    return {match[1] for match in found if match}


def body(mail: EmailMessage, kind: str) -> str:
    """The plain or the html text of a mail; lines end as mails end them."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize("source", HELD_BACK)
def test_one_fault_is_told_once_and_everything_else_is_still_told(start: Start, source: str) -> None:
    """The alert that all others of its list follow from holds back exactly these."""
    follow = HELD_BACK[source]
    others = set(SEVERITIES) - set(HELD_BACK) - follow - {"Watchdog"}
    running = start()
    running.tell([alert(source)])
    running.tell([alert(name) for name in follow | others])
    running.eventually(lambda: mailed(running) >= {source} | others, "the others are mailed")
    running.eventually(lambda: running.held_back() == follow, "the followers are held back")
    # Their groups have had their turn when a later one has.
    running.tell([alert("Control")])
    running.eventually(lambda: "Control" in mailed(running), "a later alert is mailed")
    assert mailed(running) == {source, "Control"} | others
    running.eventually(lambda: ("Control", "firing") in running.webhook.alerts(), "and posted")
    assert {name for name, _ in running.webhook.alerts()} == {source, "Control"} | others


@pytest.mark.parametrize(
    ("source", "target", "elsewhere"),
    [
        ("ServiceUnavailable", "RedisUnavailable", {"instance": "two:8000"}),
        ("LLMProviderErrors", "HighLLMLatency", {"provider": "openai"}),
        ("ErrorBudgetBurnFast", "ErrorBudgetBurnSlow", {"slo": "api-latency"}),
    ],
)
def test_a_fault_elsewhere_is_told(start: Start, source: str, target: str, elsewhere: dict[str, str]) -> None:
    """Of another backend, provider or objective: nothing says that it follows."""
    running = start()
    running.tell([alert(source)])
    running.tell([alert(target, **elsewhere)])
    running.eventually(lambda: mailed(running) == {source, target}, "both are mailed")


def test_what_is_still_wrong_when_the_fault_is_over_is_told_then(start: Start) -> None:
    """Held back does not mean forgotten."""
    running = start()
    fault = alert("ServiceUnavailable")
    running.tell([fault])
    running.tell([alert("LowCacheHitRate")])
    running.eventually(lambda: mailed(running) == {"ServiceUnavailable"}, "the fault is mailed")
    running.eventually(lambda: running.held_back() == {"LowCacheHitRate"}, "what follows is held back")
    running.tell([fault], firing=False)
    running.eventually(lambda: "LowCacheHitRate" in mailed(running), "it is mailed after all")


def test_watchdog_reaches_the_heartbeat_again_and_again_and_nobody_else(start: Start) -> None:
    """The heartbeat hears of nothing else, and not of its end, which would sound like another beat."""
    running = start()
    watchdog = alert("Watchdog")
    running.tell([watchdog, alert("HighErrorRate")])
    running.eventually(lambda: len(running.heartbeat.calls) >= 3, "three beats")
    running.eventually(lambda: mailed(running) == {"HighErrorRate"}, "the other alert is mailed")
    running.tell([watchdog, alert("HighErrorRate")], firing=False)
    running.eventually(lambda: len(running.mailbox.mails) == 2, "its end is mailed")
    running.eventually(lambda: ("HighErrorRate", "resolved") in running.webhook.alerts(), "and posted")
    assert running.heartbeat.alerts() == {("Watchdog", "firing")}
    assert running.webhook.alerts() == {("HighErrorRate", "firing"), ("HighErrorRate", "resolved")}


def test_where_no_webhook_is_given_mail_goes_all_the_same(start: Start) -> None:
    """The receivers as committed have no address, and that is no error."""
    running = start(hooks=False)
    running.tell([alert("Watchdog"), alert("HighErrorRate"), alert("EventLoopLag")])
    running.eventually(lambda: mailed(running) == {"HighErrorRate", "EventLoopLag"}, "both are mailed")
    assert not running.heartbeat.calls
    assert not running.webhook.calls


def test_failures_are_counted_as_the_alarm_about_them_expects(start: Start) -> None:
    """By the label `integration`, and from 0 on, so that the first failure is a rise."""
    failures = start().failures()
    assert (failures["email"], failures["webhook"]) == (0, 0)


def test_a_mail_says_what_since_when_where_and_what_to_do(start: Start) -> None:
    """In its subject and in both bodies, first that it rings and then that it is over."""
    running = start()
    began = datetime.now(UTC) - timedelta(minutes=7)
    fault = Alert(
        {"alertname": "RedisUnavailable", "severity": "critical", **LABELS["RedisUnavailable"]},
        {
            "summary": "Redis is down",
            "description": "The backend at one:8000 has failed to reach Redis for 60s & <1m.",
            "runbook": "docs/alerts.md#redisunavailable",
            "dashboard": "http://localhost:3001/d/artisan-inside",
        },
        "http://localhost:9090/graph?g0.expr=up&g0.tab=1",
        began,
    )
    running.tell([fault])
    running.eventually(lambda: len(running.mailbox.mails) == 1, "it is mailed")
    running.tell([fault], firing=False)
    running.eventually(lambda: len(running.mailbox.mails) == 2, "its end is mailed")
    rings, over = running.mailbox.mails
    assert rings["Subject"] == "[FIRING critical] RedisUnavailable: Redis is down"
    assert over["Subject"] == "[RESOLVED] RedisUnavailable: Redis is down"
    assert (rings["To"], rings["From"]) == ("alerts@artisanhub.com", "prometheus@artisanhub.com")
    since = began.strftime("%-d %b %Y, %H:%M:%S UTC")
    assert body(rings, "plain").startswith(
        "FIRING critical: RedisUnavailable\n"
        "Redis is down\n\n"
        "The backend at one:8000 has failed to reach Redis for 60s & <1m.\n\n"
        f"Since      {since}\n"
        "Labels     dependency=redis, instance=one:8000, job=artisan-backend\n"
        "Runbook    docs/alerts.md#redisunavailable\n"
        "Dashboard  http://localhost:3001/d/artisan-inside\n"
        "Query      http://localhost:9090/graph?g0.expr=up&g0.tab=1\n"
    )
    page = body(rings, "html")
    for shown in (
        "CRITICAL",
        "Redis is down",
        "for 60s &amp; &lt;1m.",
        since,
        "one:8000",
        "docs/alerts.md#redisunavailable",
    ):
        assert shown in page
    assert re.findall(r'<a href="([^"]*)"[^>]*>(?:Dashboard|Query in Prometheus|Runbook)<', page) == [
        "http://localhost:3001/d/artisan-inside",
        "http://localhost:9090/graph?g0.expr=up&amp;g0.tab=1",
    ]
    for kind in ("plain", "html"):
        assert "RESOLVED" in body(over, kind)
        assert re.search(r"UTC, after 7m(1s)?\b", body(over, kind))


def test_a_runbook_with_an_address_is_a_link(start: Start) -> None:
    """Where the project's documents are on the web, one click is enough."""
    running = start()
    address = "https://docs.example.org/alerts#mine"
    running.tell([Alert({"alertname": "Mine", "severity": "warning"}, {"summary": "s", "runbook": address})])
    running.eventually(lambda: len(running.mailbox.mails) == 1, "it is mailed")
    assert re.search(rf'<a href="{address}"[^>]*>Runbook</a>', body(running.mailbox.mails[0], "html"))


def test_an_alert_with_nothing_but_a_name_is_mailed_all_the_same(start: Start) -> None:
    """A rule that lacks severity, words and links is no reason for silence."""
    running = start()
    running.tell([Alert({"alertname": "Bare"})])
    running.eventually(lambda: len(running.mailbox.mails) == 1, "it is mailed")
    [mail] = running.mailbox.mails
    assert mail["Subject"].strip() == "[FIRING] Bare:"
    assert body(mail, "plain").startswith("FIRING: Bare\n")
    assert ">Bare</div>" in body(mail, "html")


def test_many_alerts_of_one_name_are_one_mail(start: Start) -> None:
    """The subject tells how many ring; the body has all of them, also those that are over."""
    running = start()
    slow = [
        Alert(
            {"alertname": "SlowResponseTime", "severity": "warning", "endpoint": f"/{number}"},
            {"summary": f"/{number} is slow"},
        )
        for number in range(12)
    ]
    running.tell(slow)
    running.eventually(lambda: len(running.mailbox.mails) == 1, "they are mailed")
    running.tell(slow[:2], firing=False)
    running.eventually(lambda: len(running.mailbox.mails) == 2, "the end of two is mailed")
    first, second = running.mailbox.mails
    assert first["Subject"] == "[FIRING warning] SlowResponseTime: /0 is slow (12 alerts)"
    assert second["Subject"] == "[FIRING warning] SlowResponseTime: /10 is slow (10 alerts)"
    for kind, ringing, over in (
        ("plain", "FIRING warning: Slow", "RESOLVED: Slow"),
        ("html", "WARNING &middot; Slow", "RESOLVED &middot; Slow"),
    ):
        assert body(first, kind).count(ringing) == 12
        assert (body(second, kind).count(ringing), body(second, kind).count(over)) == (10, 2)
        assert {f"/{number} is slow" for number in range(12)} <= set(re.findall(r"/\d+ is slow", body(second, kind)))
    assert "12 firing" in body(first, "html")
    assert "2 resolved" in body(second, "html")
