"""How much of the error budget of 30 days is left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import Evaluate, group, value
from .traffic import ALERTS, RULES, SLOS, Phase, burning, series

SLO = "api-availability"
BUDGET = float(SLOS[SLO].budget)
REMAINING = "slo:period_error_budget_remaining:ratio"
DAY = 288  # steps of five minutes

Steps = list[tuple[int, float, float]]


@pytest.fixture(scope="session")
def sums(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed rules without those that record the steps: these are given here, 30 days of them."""
    groups = [each for each in yaml.safe_load(RULES.read_text())["groups"] if each["name"] != "artisan-slo-steps"]
    path = tmp_path_factory.mktemp("sums") / RULES.name
    path.write_text(yaml.safe_dump({"groups": groups}))
    return path


@pytest.fixture
def month(evaluate: Evaluate, sums: Path) -> Callable[[Steps, str, float], None]:
    """`month(steps, expr, expected)`: what follows from so many steps of so many events and bad ones among them."""

    def followed(steps: Steps, expr: str, expected: float) -> None:
        inputs = [
            {"series": f'slo:sli_events:per5m{{slo="{SLO}"}}', "values": _constant([(n, e) for n, e, _ in steps])},
            {"series": f'slo:sli_bad_events:per5m{{slo="{SLO}"}}', "values": _constant([(n, b) for n, _, b in steps])},
        ]
        # The rules are evaluated once, at the end: nothing but these steps goes into the sums.
        end = f"{5 * (sum(n for n, _, _ in steps) - 1)}m"
        evaluate(group(inputs, [value(expr, end, expected, slo=SLO)], "5m"), every=end, rules=[sums])

    return followed


def _constant(steps: list[tuple[int, float]]) -> str:
    return " ".join(f"{number!r}+0x{count - 1}" for count, number in steps)


@pytest.mark.parametrize("rate", [0, 0.5, 1, 2])
def test_a_burn_rate_of_1_empties_the_budget_in_30_days(month: Callable[..., None], rate: float) -> None:
    """Half of it leaves half, twice as much owes a whole budget."""
    month([(30 * DAY, 1000, 1000 * BUDGET * rate)], f"round({REMAINING}, 0.001)", 1 - rate)


def test_an_hour_counts_by_its_events_not_by_its_length(month: Callable[..., None]) -> None:
    """Half of the requests of quiet nights fail: an average of ratios would say 25 %, and it is one in two thousand."""
    days = [(DAY // 2, 1000, 0), (DAY // 2, 1, 0.5)] * 30
    month(days, "round(1 / slo:sli_error:ratio_rate30d)", 2002)


def test_a_young_service_has_spent_no_more_than_its_age_allows(month: Callable[..., None]) -> None:
    """Three days at ten times the pace are one budget, though all that is known of the month is ten times too bad."""
    month([(3 * DAY, 1000, 1000 * BUDGET * 10)], f"round({REMAINING}, 0.01)", 0)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(2, 400), st.integers(1, 10_000), st.integers(0, 100)), min_size=1, max_size=6
    ).filter(lambda steps: sum(n for n, _, _ in steps) < 30 * DAY)
)
def test_spent_budget_is_bad_events_over_those_that_a_whole_period_at_this_pace_allows(
    month: Callable[..., None], phases: list[tuple[int, int, int]]
) -> None:
    """However unevenly events and failures come."""
    steps = [(count, float(events), events * percent / 100) for count, events, percent in phases]
    known = sum(count for count, _, _ in steps)
    events = sum(count * number for count, number, _ in steps)
    bad = sum(count * number for count, _, number in steps)
    left = 1 - bad / (BUDGET * events * 30 * DAY / known)
    month(steps, f"abs({REMAINING} - {left!r}) < bool {1e-6 * (1 + abs(left))!r}", 1)


def test_one_failure_in_the_first_three_requests_leaves_most_of_the_budget(evaluate: Evaluate) -> None:
    """An hour after the start, from the counters up: a month at this pace would allow ten failures, and one is gone."""
    few = [Phase(10, 0), Phase(1, 1), Phase(1, 0, 1), Phase(1, 1), Phase(60, 0)]
    checks = [value(f'{REMAINING}{{slo="{SLO}"}} > bool 0.85', "1h", 1, slo=SLO)]
    evaluate(group(series(SLO, few), checks), every="5m")


@pytest.mark.parametrize("slo", SLOS)
def test_without_traffic_the_budget_is_full_and_nothing_burns(evaluate: Evaluate, slo: str) -> None:
    """From the first scrapes on, and neither is NaN."""
    checks = [
        value(f'{name}{{slo="{slo}"}} + 0', at, number, slo=slo)
        for at in ("2m", "2h")
        for name, number in ((REMAINING, 1), ("slo:current_burn_rate:ratio", 0))
    ]
    evaluate(group(series(slo, [Phase(130, 0)]), checks))


@pytest.mark.parametrize("slo", SLOS)
def test_where_the_service_tells_nothing_there_is_no_burn_rate(evaluate: Evaluate, slo: str) -> None:
    """A metric that does not exist is no reason to show a full budget."""
    checks = [{"expr": f'{{__name__=~"{REMAINING}|slo:current_burn_rate:ratio", slo="{slo}"}}', "eval_time": "10m"}]
    evaluate(group([{"series": "up", "values": "1x20"}], checks))


def test_the_alert_tells_how_fast_the_budget_burns_and_when_it_is_gone(evaluate: Evaluate) -> None:
    """In words, with the labels that route it and the pages to read on."""
    slo = SLOS["supply-hunter-availability"]
    minutes = 8 * 60
    expected = {
        "exp_labels": {"severity": "critical", "slo": slo.name},
        "exp_annotations": {
            "summary": "The error budget of supply-hunter-availability burns fast",
            "description": (
                "supply-hunter-availability promises 99%: runs of supply_hunter end with an answer. "
                "Failures use up its error budget 20 times as fast as is allowed. "
                "At this rate what is left of it is gone in 1d 4h 5m 0s."
            ),
            "runbook": "docs/alerts.md#errorbudgetburnfast",
            "dashboard": "http://localhost:3001/d/artisan-slo",
        },
    }
    ring = {"alertname": "ErrorBudgetBurnFast", "eval_time": "8h", "exp_alerts": [expected]}
    evaluate(
        group(series(slo.name, [burning(slo, minutes, 20)]), [], alert_rule_test=[ring]),
        every="5m",
        rules=[RULES, ALERTS],
    )
