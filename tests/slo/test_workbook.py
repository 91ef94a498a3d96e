"""The generated rules against the numbers printed in the SRE workbook, chapter 5, for its objective of 99.9 %.

What the rules ask is read from the rules, and the times are those at which promtool sees them ring.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from artisan.slo import read, render

from .conftest import Check, Evaluate, group, value
from .traffic import Phase, counter

PERIOD = 30 * 86400
SECONDS = {"m": 60, "h": 3600, "d": 86400}
DECLARED = """
runbook: docs/alerts.md
dashboard: http://localhost:3001/d/artisan-slo
slos:
  - name: workbook
    description: requests are answered.
    objective: 99.9
    events:
      errors: increase(failed_total[{window}])
      total: increase(requests_total[{window}])
"""
FILES = render(read(DECLARED, "slo.yml"), "slo.yml")
EXPRESSIONS = {
    rule["alert"]: rule["expr"]
    for group in yaml.safe_load(FILES["alerts/artisan-slo-alerts.yml"])["groups"]
    for rule in group["rules"]
}
CONDITION = re.compile(
    r"""\(\s*slo:sli_error:ratio_rate(?P<long>\w+)\{slo="workbook"\}\ /\ (?P<budget>[\d.]+)\ >\ (?P<rate>[\d.]+)
    \s*and\s*last_over_time\(slo:sli_error:ratio_rate(?P<short>\w+)\{slo="workbook"\}\[(?P=long)\]\)
    \ /\ (?P=budget)\ >\ (?P=rate)\s*and\s""",
    re.VERBOSE,
)


def seconds(window: str) -> int:
    return int(window[:-1]) * SECONDS[window[-1]]


def conditions(alert: str) -> list[dict[str, Any]]:
    return [found.groupdict() for found in CONDITION.finditer(EXPRESSIONS[alert])]


# Table 5-8: alert, long window, short window, burn rate, share of the budget that is consumed.
TABLE = [
    ("ErrorBudgetBurnFast", "1h", "5m", "14.4", "0.02"),
    ("ErrorBudgetBurnFast", "6h", "30m", "6", "0.05"),
    ("ErrorBudgetBurnSlow", "3d", "6h", "1", "0.10"),
]


def test_the_alerts_ask_what_table_5_8_asks() -> None:
    """Windows and burn rates, row by row, and nothing beside them."""
    rows = [(alert, each["long"], each["short"], each["rate"]) for alert in EXPRESSIONS for each in conditions(alert)]
    assert rows == [row[:4] for row in TABLE]


@pytest.mark.parametrize(("alert", "long", "short", "rate", "share"), TABLE)
def test_a_burn_rate_over_its_window_spends_the_printed_share(
    alert: str, long: str, short: str, rate: str, share: str
) -> None:
    """Budget spent = burn rate × window / period: 2 % in an hour, 5 % in six, 10 % in three days; short = long / 12."""
    (each,) = [each for each in conditions(alert) if each["long"] == long]
    assert Decimal(each["budget"]) == Decimal("0.001")
    assert Decimal(each["rate"]) * seconds(each["long"]) / PERIOD == Decimal(share)
    assert seconds(each["short"]) * 12 == seconds(each["long"])


def detection(error_ratio: float) -> float:
    """The workbook's formula for a page, in seconds: (1 - SLO) / error ratio × window × burn rate."""
    return min(
        float(each["budget"]) / error_ratio * seconds(each["long"]) * float(each["rate"])
        for each in conditions("ErrorBudgetBurnFast")
    )


def test_the_formula_gives_the_printed_times() -> None:
    """Read from our rules: a total outage is detected in 52 s (the page rounds 51.84), a tenth of that in 8.6 min."""
    assert detection(1) == pytest.approx(51.84)
    assert detection(0.1) == pytest.approx(518.4)


CLEAN = 6 * 3600  # seconds without a failure before each outage, so that every window of a page is filled


@pytest.fixture(scope="session")
def rules(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The rules of the workbook's objective as files."""
    folder = tmp_path_factory.mktemp("workbook")
    paths = [folder / Path(name).name for name in FILES]
    for path, text in zip(paths, FILES.values(), strict=True):
        path.write_text(text)
    return paths


def outage(error_ratio: float, length: int, after: int, step: int) -> dict[str, Any]:
    """Clean hours, an outage of so many seconds, and as many as wanted after it; a sample each `step` seconds."""
    bad = round(1000 * error_ratio)
    phases = [Phase(CLEAN // step, 1000), Phase(length // step, 1000 - bad, bad), Phase(after // step + 1, 1000)]
    return group(
        [
            {"series": "requests_total", "values": counter([(each.steps, each.good + each.bad) for each in phases])},
            {"series": "failed_total", "values": counter([(each.steps, each.bad) for each in phases])},
        ],
        [],
        f"{step}s",
    )


def page(after: float, rings: bool) -> Check:
    """Whether the page rings so many seconds after the outage began."""
    at = f"{CLEAN + round(after)}s"
    return value('count(ALERTS{alertname="ErrorBudgetBurnFast", alertstate="firing"})', at, *[1.0] * rings)


def test_outages_are_detected_when_the_workbook_says(evaluate: Evaluate, rules: list[Path]) -> None:
    """Total: after 52 s; a tenth of all requests: after 8.6 min. Neither earlier nor two scrapes later."""
    step, tests = 10, []
    for error_ratio in (1, 0.1):
        expected = round(detection(error_ratio), -1)
        test = outage(error_ratio, round(expected) + 60, 0, step)
        test["promql_expr_test"] = [page(expected - step, False), page(expected + 2 * step, True)]
        tests.append(test)
    evaluate(*tests, every=f"{step}s", rules=rules)


def test_a_page_resets_when_its_short_window_is_clean(evaluate: Evaluate, rules: list[Path]) -> None:
    """Within 5 min after two minutes of total outage; within 30 min after ten, which cost 23 % of the budget."""
    two, ten = outage(1, 120, 1860, 30), outage(1, 600, 1860, 30)
    two["promql_expr_test"] = [page(120, True), page(120 + 270, True), page(120 + 300, False)]
    ten["promql_expr_test"] = [page(600, True), page(600 + 1680, True), page(600 + 1800, False)]
    evaluate(two, ten, every="30s", rules=rules)


@pytest.mark.parametrize(("rate", "gone_in"), [(1, 30 * 86400), (2, 15 * 86400), (10, 3 * 86400), (1000, 43.2 * 60)])
def test_a_burn_rate_empties_the_budget_in_the_printed_time(rate: int, gone_in: float) -> None:
    """Table 5-4: the description divides the period by the burn rate, which it asks for as `left * period / rate`."""
    texts = yaml.safe_load(FILES["alerts/artisan-slo-alerts.yml"])["groups"][0]["rules"]
    for rule in texts:
        period = re.search(r"\* (\d+) / %f", rule["annotations"]["description"])
        assert period
        assert int(period[1]) / rate == pytest.approx(gone_in)
