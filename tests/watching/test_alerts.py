"""Each of the guide's alerts can ring, rings when it should, and is silent when it should be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from .backend_with_traffic import DECLARED
from .conftest import ROOT, Locate, Run
from .promql import unknown

# alert -> severity, what its expression has to name
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
RULES = {
    rule["alert"]: rule
    for group in yaml.safe_load((ROOT / "monitoring/alerts/artisan-alerts.yml").read_text())["groups"]
    for rule in group["rules"]
}
CASES = sorted((Path(__file__).parent / "alerts").glob("*.test.yml"))
each_alert = pytest.mark.parametrize("name", PROMISED)


def snake(name: str) -> str:
    """HighLLMLatency -> high_llm_latency."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.removesuffix(".test.yml"))
def test_an_alert_behaves_as_its_cases_say(case: Path, locate: Locate, run: Run) -> None:
    """promtool evaluates the committed rules on each case's series and compares the alerts with what is expected."""
    run(locate("promtool"), "test", "rules", case, cwd=case.parent)


@each_alert
def test_every_alert_is_proven_to_ring_with_its_words_and_to_be_silent(name: str) -> None:
    """One case expects the alert with labels and annotations, another expects none."""
    groups = yaml.safe_load((Path(__file__).parent / "alerts" / f"{snake(name)}.test.yml").read_text())["tests"]
    checks = [check for group in groups for check in group.get("alert_rule_test", []) if check["alertname"] == name]
    rings = [alert for check in checks for alert in check.get("exp_alerts", [])]
    assert any(alert["exp_labels"] and alert["exp_annotations"] for alert in rings)
    assert any(not check.get("exp_alerts") for check in checks)


def test_the_alerts_are_those_of_the_guide() -> None:
    """No promised alert is missing, and none is there that nobody asked for."""
    assert set(RULES) == set(PROMISED)


@each_alert
def test_an_alert_has_the_severity_metric_and_threshold_of_the_guide(name: str) -> None:
    """The names are a contract; only the inside of an expression is ours."""
    severity, metric, threshold = PROMISED[name]
    assert RULES[name]["labels"] == {"severity": severity}
    assert re.search(rf"\b{metric}(_bucket)?\b", RULES[name]["expr"])
    assert re.search(rf"(?<![\w.]){re.escape(threshold)}(?![\w.])", RULES[name]["expr"])


def test_high_error_rate_waits_five_minutes() -> None:
    """As the guide says: error rate > 5 % for 5 minutes."""
    assert RULES["HighErrorRate"]["for"] == "5m"


@each_alert
def test_an_alert_asks_only_for_what_the_backend_exposes(name: str) -> None:
    """A misspelt metric or label makes an alert that can never ring."""
    assert unknown(RULES[name]["expr"]) == []


@each_alert
def test_an_alert_tells_what_happened_and_where_to_read_on(name: str) -> None:
    """The runbook that it names has a section of its name, with commands and a mend."""
    annotations: dict[str, Any] = RULES[name]["annotations"]
    assert set(annotations) == {"summary", "description", "runbook"}
    path, _, anchor = annotations["runbook"].partition("#")
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
    assert set(sections) == set(RULES)


@pytest.mark.parametrize("name", ["SlowResponseTime", "HighLLMLatency"])
def test_the_threshold_of_a_quantile_is_an_edge_with_another_above_it(name: str) -> None:
    """Between two edges a quantile is a guess, and beyond the last one it is never seen."""
    found = re.search(r"(\w+)_bucket\b.*?\) > (\d+)", RULES[name]["expr"], re.DOTALL)
    assert found
    (metric,) = [metric for metric in DECLARED if metric.name == found[1]]
    assert float(found[2]) in metric.buckets
    assert metric.buckets[-1] > float(found[2])
