"""Where each alert goes, as amtool reads the committed alertmanager.yml, and what its inhibitions name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import ROOT, Locate, Run
from .test_alerts import SEVERITIES, each_rule

CONFIG: dict[str, Any] = yaml.safe_load((ROOT / "monitoring/alertmanager.yml").read_text())
NEVER_HELD_BACK = {
    "Watchdog",
    "AlertDeliveryFailing",
    "RuleEvaluationFailing",
    "HighLLMSpend",
    "UnpricedLLMRequests",
    "ServiceUnavailable",
}


def receivers(run: Run, amtool: Path, labels: dict[str, str]) -> list[str]:
    """Those that an alert with these labels goes to."""
    config = ROOT / "monitoring/alertmanager.yml"
    given = [f"{name}={value}" for name, value in labels.items()]
    printed = run(amtool, "config", "routes", "test", f"--config.file={config}", *given)
    return [line for line in printed.splitlines() if "Warning" not in line][-1].split(",")


@each_rule
def test_an_alert_reaches_those_it_is_meant_for(rule: dict[str, Any], locate: Locate, run: Run) -> None:
    """People by mail and webhook; Watchdog the heartbeat, and nobody else."""
    labels = {"alertname": rule["alert"], **rule["labels"]}
    meant = ["heartbeat"] if rule["alert"] == "Watchdog" else ["webhook", "email"]
    assert receivers(run, locate("amtool"), labels) == meant


@pytest.mark.parametrize("labels", [{}, {"severity": "page"}, {"severity": "info"}])
def test_an_alert_of_another_kind_is_told_all_the_same(labels: dict[str, str], locate: Locate, run: Run) -> None:
    """A rule whose severity is missing or misspelt must not be lost."""
    assert receivers(run, locate("amtool"), {"alertname": "Mine", **labels}) == ["webhook", "email"]


def test_what_is_critical_is_told_again_sooner() -> None:
    """Every hour, by both ways; the rest twice a day."""
    routes = CONFIG["route"]["routes"]
    critical = [route["repeat_interval"] for route in routes if route.get("matchers") == ['severity = "critical"']]
    assert critical == ["1h", "1h"]
    assert CONFIG["route"]["repeat_interval"] == "12h"


def test_the_heartbeat_beats_at_once_and_every_minute() -> None:
    """The other side calls when a few beats are missing, so they must be many."""
    [route] = [route for route in CONFIG["route"]["routes"] if route["receiver"] == "heartbeat"]
    assert (route["group_wait"], route["repeat_interval"]) == ("0s", "1m")


@pytest.mark.parametrize("rule", CONFIG["inhibit_rules"], ids=lambda rule: " -> ".join(names(rule)))
def test_an_inhibition_names_alerts_that_exist(rule: dict[str, Any]) -> None:
    """A misspelt one would hold back nothing, without a word."""
    for pattern in names(rule):
        for word in pattern.split("|"):
            assert [name for name in SEVERITIES if re.fullmatch(word, name)], word


@pytest.mark.parametrize("rule", CONFIG["inhibit_rules"], ids=lambda rule: " -> ".join(names(rule)))
def test_no_inhibition_holds_back_what_must_always_be_told(rule: dict[str, Any]) -> None:
    """The alarms about the alarms, money that is spent, and the one that all others follow from."""
    _, target = names(rule)
    assert [name for name in NEVER_HELD_BACK if re.fullmatch(target, name)] == []


def names(rule: dict[str, Any]) -> tuple[str, str]:
    """The alert that holds back, and the pattern of those that it holds back."""
    (source,), (target,) = (
        [match[1] for match in (re.fullmatch(r'alertname =~? "(.*)"', text) for text in rule[side]) if match]
        for side in ("source_matchers", "target_matchers")
    )
    return source, target
