"""What this service declares, and what is committed of it."""

from __future__ import annotations

import re
from typing import cast

import pytest
import yaml

from artisan.slo.this_service import slo_files
from artisan.slo.windows import plain
from backend.agents import build_agents
from backend.catalog import Catalogue

from .conftest import Evaluate, group, value
from .traffic import ALERTS, ROOT, RULES, SLOS, Phase, series

AGENTS = [agent.agent_type for agent in build_agents(cast("Catalogue", None), None)]


@pytest.mark.parametrize("subject", ["api", *(agent.replace("_", "-") for agent in AGENTS)])
def test_the_api_and_every_agent_promise_availability_and_latency(subject: str) -> None:
    """A new agent comes with its objectives."""
    assert {f"{subject}-availability", f"{subject}-latency"} <= set(SLOS)


def test_the_page_tells_what_is_promised() -> None:
    """Every objective with its figure, and no other."""
    rows = re.findall(r"(?m)^\| `([a-z-]+)` \|.*?\| ([\d.]+) % \|", (ROOT / "docs/slo.md").read_text())
    assert dict(rows) == {name: plain(slo.objective) for name, slo in SLOS.items()}


def test_the_committed_rules_are_those_that_the_declaration_makes() -> None:
    """Who edits one without the other is told."""
    for path, text in slo_files().items():
        assert (ROOT / path).read_text() == text


def test_no_rule_looks_at_raw_series_for_longer_than_six_hours() -> None:
    """Days are summed up from recorded steps: the cost of a month does not grow with the number of raw series."""
    for each in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in each["rules"]:
            if "d]" in rule["expr"]:
                assert "(slo:" in rule["expr"]


def test_alerts_rest_on_recorded_series_alone() -> None:
    """So they are cheap at every evaluation, and a dashboard shows what they see."""
    for rule in yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]:
        selectors = [word for word in rule["expr"].split() if "{" in word]
        assert selectors
        assert all(word.removeprefix("last_over_time(").removeprefix("round(").startswith("slo:") for word in selectors)


@pytest.mark.parametrize("name", SLOS)
def test_every_objective_says_what_it_counts(name: str, evaluate: Evaluate) -> None:
    """The traffic that these tests make for an objective is seen by it: all else would be proven on nothing."""
    evaluate(
        group(
            series(name, [Phase(60, 3, 1)]),
            [value(f'slo:sli_error:ratio_rate30m{{slo="{name}"}} + 0', "1h", 0.25, slo=name)],
        )
    )
