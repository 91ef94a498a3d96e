"""Each alert can ring, rings when it should, and is silent when it should be."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from .backend_with_traffic import DECLARED
from .conftest import ROOT, Locate, Run
from .prometheus import Prometheus
from .promql import read, unknown

# The guide's: alert -> severity, what its expression has to name
PROMISED = {
    "HighErrorRate": ("critical", "http_requests_total", "0.05"),
    "ServiceUnavailable": ("critical", "up", "artisan-backend"),
    "RedisUnavailable": ("critical", "dependency_up", "redis"),
    "LLMProviderErrors": ("critical", "llm_requests_total", "10"),
    "SlowResponseTime": ("warning", "http_request_duration_seconds", "5"),
    "HighAgentErrorRate": ("warning", "agent_executions_total", "0.1"),
    "HighLLMLatency": ("warning", "llm_request_duration_seconds", "30"),
    "HighMemoryUsage": ("warning", "memory_usage_bytes", "4"),
    "LowCacheHitRate": ("warning", "cache_hits_total", "0.7"),
}
SEVERITIES = {name: severity for name, (severity, _, _) in PROMISED.items()} | {
    "DatabaseUnavailable": "critical",
    "HighLLMSpend": "warning",
    "UnpricedLLMRequests": "warning",
    "EventLoopLag": "warning",
    "AlertDeliveryFailing": "critical",
    "RuleEvaluationFailing": "warning",
    "Watchdog": "none",
    "ErrorBudgetBurnFast": "critical",
    "ErrorBudgetBurnSlow": "warning",
}
ALERTS = ROOT / "monitoring" / "alerts"
CASES = sorted((Path(__file__).parent / "alerts").glob("*.test.yml"))


def _rules(path: Path) -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


RULES = [rule for path in sorted(ALERTS.glob("*.yml")) for rule in _rules(path)]
# Those of the objectives have their cases in tests/slo/.
PROVEN_HERE = [rule["alert"] for rule in RULES if "slo" not in rule["labels"]]
each_promise = pytest.mark.parametrize("name", PROMISED)
each_rule = pytest.mark.parametrize(
    "rule", [pytest.param(rule, id="-".join([rule["alert"], *rule["labels"].values()])) for rule in RULES]
)


def snake(name: str) -> str:
    """HighLLMLatency -> high_llm_latency."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def groups_of(name: str) -> list[dict[str, Any]]:
    """The test groups of an alert."""
    groups: list[dict[str, Any]] = yaml.safe_load(
        (Path(__file__).parent / "alerts" / f"{snake(name)}.test.yml").read_text()
    )["tests"]
    return groups


def seconds(duration: str) -> int:
    """1h30m -> 5400."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([smhd])", duration))


def expectations(name: str, group: dict[str, Any]) -> Iterator[tuple[int, bool]]:
    """When a test group looks, in seconds, and whether it expects the alert to fire then."""
    for check in group.get("alert_rule_test", []):
        if check["alertname"] == name:
            yield seconds(check["eval_time"]), bool(check.get("exp_alerts"))
    for check in group.get("promql_expr_test", []):
        if f'ALERTS{{alertname="{name}"' in check["expr"]:
            yield seconds(check["eval_time"]), bool(check.get("exp_samples"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.removesuffix(".test.yml"))
def test_an_alert_behaves_as_its_cases_say(case: Path, locate: Locate, run: Run) -> None:
    """promtool evaluates the committed rules on each case's series and compares the alerts with what is expected."""
    run(locate("promtool"), "test", "rules", case, cwd=case.parent)


@pytest.mark.parametrize("name", PROVEN_HERE)
def test_every_alert_is_proven_to_ring_with_its_words(name: str) -> None:
    """One case expects it with all its labels and annotations."""
    checks = [check for group in groups_of(name) for check in group.get("alert_rule_test", [])]
    rings = [alert for check in checks if check["alertname"] == name for alert in check.get("exp_alerts", [])]
    assert any(alert["exp_labels"] and alert["exp_annotations"] for alert in rings)


@pytest.mark.parametrize("name", [name for name in PROVEN_HERE if name != "Watchdog"])
def test_every_alert_is_proven_to_be_silent_and_to_end(name: str) -> None:
    """One case never rings, another looks after the alert has rung and finds it over."""
    looks = [sorted(expectations(name, group)) for group in groups_of(name)]
    assert any(times and not any(fires for _, fires in times) for times in looks)
    assert any(
        fires and not later_fires
        for times in looks
        for at, fires in times
        for later, later_fires in times
        if later > at
    )


def test_the_alerts_are_those_that_were_promised() -> None:
    """None is missing, none is there that nobody asked for, and each has its severity."""
    assert {(rule["alert"], rule["labels"]["severity"]) for rule in RULES} == set(SEVERITIES.items())


def test_the_nine_of_the_guide_are_where_it_says() -> None:
    """In monitoring/alerts/artisan-alerts.yml."""
    assert set(PROMISED) <= {rule["alert"] for rule in _rules(ALERTS / "artisan-alerts.yml")}


@each_promise
def test_an_alert_of_the_guide_has_its_metric_and_threshold(name: str) -> None:
    """The names are a contract; only the inside of an expression is ours."""
    _, metric, threshold = PROMISED[name]
    [rule] = [rule for rule in RULES if rule["alert"] == name]
    assert re.search(rf"\b{metric}(_bucket)?\b", rule["expr"])
    assert re.search(rf"(?<![\w.]){re.escape(threshold)}(?![\w.])", rule["expr"])


def test_high_error_rate_waits_five_minutes() -> None:
    """As the guide says: error rate > 5 % for 5 minutes."""
    [rule] = [rule for rule in RULES if rule["alert"] == "HighErrorRate"]
    assert rule["for"] == "5m"


@each_rule
def test_an_alert_asks_only_for_what_is_exposed(rule: dict[str, Any]) -> None:
    """A misspelt metric or label makes an alert that can never ring."""
    assert unknown(rule["expr"]) == []


@pytest.mark.parametrize("name", ["AlertDeliveryFailing", "RuleEvaluationFailing"])
def test_what_is_asked_of_the_watchers_is_what_they_really_say(prometheus: Prometheus, name: str) -> None:
    """The names are Prometheus' and Alertmanager's own, so only they can tell whether they are right."""
    [rule] = [rule for rule in RULES if rule["alert"] == name]
    for series in read(rule["expr"]).selected:
        query = f'{series}{{job=~"prometheus|alertmanager"}}'
        prometheus.eventually(partial(prometheus.answers, query), query)


@each_rule
def test_an_alert_says_what_happened_with_figures_and_names(rule: dict[str, Any]) -> None:
    """What every alert has, and no other word that a mail would not show."""
    annotations = rule["annotations"]
    assert set(annotations) == {"summary", "description", "runbook", "dashboard"}
    assert "{{" in annotations["description"] or rule["alert"] == "Watchdog"


@each_rule
def test_an_alert_links_to_a_dashboard_that_is_there(rule: dict[str, Any]) -> None:
    """By its uid, which is also its file's name."""
    address, _, uid = rule["annotations"]["dashboard"].rpartition("/d/")
    assert address == "http://localhost:3001"
    assert json.loads((ROOT / f"monitoring/grafana/dashboards/{uid}.json").read_text())["uid"] == uid


@each_rule
def test_an_alert_names_a_section_of_the_runbook(rule: dict[str, Any]) -> None:
    """What it means, three commands at least, and how to mend it."""
    name = rule["alert"]
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert anchor == name.lower()
    section = re.search(rf"(?ms)^## {name}$(.*?)(?=^## |\Z)", (ROOT / path).read_text())
    assert section, f"{path} has no section {name}"
    for part in ("What it means", "Type first", "How to mend it"):
        assert f"**{part}**" in section[1]
    commands = re.search(r"(?s)```bash\n(.*?)```", section[1])
    assert commands
    assert len([line for line in commands[1].splitlines() if line and not line.startswith("#")]) >= 3


def test_the_runbook_has_no_section_for_an_alert_that_does_not_exist() -> None:
    """A section that outlives its alert sends people astray."""
    sections = re.findall(r"(?m)^## (\w+)$", (ROOT / "docs/alerts.md").read_text())
    assert set(sections) == set(SEVERITIES)


def test_the_table_of_the_runbook_names_every_alert_with_its_severity() -> None:
    """It is what one looks at first."""
    rows = re.findall(r"(?m)^\| \[(\w+)\]\(#(\w+)\) \| (\w+) \|", (ROOT / "docs/alerts.md").read_text())
    assert sorted(rows) == sorted((name, name.lower(), severity) for name, severity in SEVERITIES.items())


@each_rule
def test_the_threshold_of_a_quantile_is_an_edge_with_another_above_it(rule: dict[str, Any]) -> None:
    """Between two edges a quantile is a guess, and beyond the last one it is never seen."""
    for name, threshold in re.findall(r"(?s)histogram_quantile\(.*?(\w+)_bucket\b.*?\) > ([\d.]+)", rule["expr"]):
        [metric] = [metric for metric in DECLARED if metric.name == name]
        assert float(threshold) in metric.buckets
        assert metric.buckets[-1] > float(threshold)
