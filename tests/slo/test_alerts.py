"""Both alerts of every committed objective: when they ring, when they stop, and when they stay silent.

All at full durations. Where the text says "for every objective", all of them live through the same days side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from artisan.slo import Slo

from .conftest import Check, Evaluate, firing, group, never
from .traffic import EVENTS, SLOS, Phase, burning, series

FAST, SLOW = "ErrorBudgetBurnFast", "ErrorBudgetBurnSlow"
HOUR, SIX_HOURS, THREE_DAYS = 60, 360, 3 * 1440  # in steps of a minute


def for_each(days: Callable[[Slo], list[Phase]], checks: Callable[[str], list[Check]]) -> dict[str, Any]:
    """One group in which every objective lives through its `days`, a minute a step, and is checked."""
    inputs = [one for slo in SLOS.values() for one in series(slo.name, days(slo))]
    return group(inputs, [check for name in SLOS for check in checks(name)])


def test_a_burn_just_above_14_4_pages_within_the_hour_and_stops_within_minutes(evaluate: Evaluate) -> None:
    """For every objective: 2 % of the budget gone in an hour rings, and a few good minutes end it."""
    evaluate(
        for_each(
            lambda slo: [Phase(SIX_HOURS, EVENTS), burning(slo, HOUR, 14.4 * 1.03), Phase(HOUR, EVENTS)],
            lambda name: [
                firing(FAST, name, "6h55m", 0),
                firing(FAST, name, "7h"),
                firing(FAST, name, "7h6m", 0),
                firing(FAST, name, "8h", 0),
            ],
        )
    )


def test_a_burn_just_below_14_4_for_an_hour_does_not_page(evaluate: Evaluate) -> None:
    """For every objective: six hours are still far from 5 % of the budget."""
    evaluate(
        for_each(
            lambda slo: [Phase(SIX_HOURS, EVENTS), burning(slo, HOUR, 14.4 * 0.97), Phase(HOUR, EVENTS)],
            lambda name: [never(name, "8h", FAST)],
        )
    )


def test_a_burn_just_above_6_pages_within_six_hours_and_stops_in_half_an_hour(evaluate: Evaluate) -> None:
    """For every objective: 5 % of the budget gone in six hours rings though no hour burns at 14.4."""
    evaluate(
        for_each(
            lambda slo: [Phase(SIX_HOURS, EVENTS), burning(slo, SIX_HOURS, 6 * 1.03), Phase(HOUR, EVENTS)],
            lambda name: [
                firing(FAST, name, "11h30m", 0),
                firing(FAST, name, "12h"),
                firing(FAST, name, "12h32m", 0),
                firing(FAST, name, "13h", 0),
            ],
        ),
        every="2m",
    )


def test_a_burn_just_below_6_never_pages(evaluate: Evaluate) -> None:
    """For every objective: that is the ticket's business."""
    evaluate(
        for_each(lambda slo: [burning(slo, SIX_HOURS + HOUR, 6 * 0.97)], lambda name: [never(name, "7h", FAST)]),
        every="2m",
    )


def test_a_burn_of_days_makes_a_ticket_that_ends_six_good_hours_later(evaluate: Evaluate) -> None:
    """For every objective: after clean days, a burn just above 1 makes a ticket as the third day ends, and no page."""
    evaluate(
        for_each(
            lambda slo: [
                Phase(THREE_DAYS, EVENTS),
                burning(slo, THREE_DAYS, 1.03),
                Phase(SIX_HOURS + HOUR, EVENTS),
            ],
            lambda name: [
                firing(SLOW, name, "5d18h", 0),
                firing(SLOW, name, "6d10m"),
                firing(SLOW, name, "6d6h15m", 0),
                never(name, "6d7h", FAST),
            ],
        ),
        every="5m",
    )


def test_a_burn_just_below_1_is_silent_for_days(evaluate: Evaluate) -> None:
    """For every objective: the budget is there to be used."""
    evaluate(
        for_each(lambda slo: [burning(slo, THREE_DAYS + HOUR, 0.97)], lambda name: [never(name, "73h")]), every="5m"
    )


def test_no_traffic_is_silent_and_says_nothing_about_failures(evaluate: Evaluate) -> None:
    """For every objective: counters that stand still make no alert, no ratio and no NaN."""
    still = [Phase(SIX_HOURS + HOUR, 0)]
    silent = {"expr": 'count({__name__=~"slo:sli_error:ratio_rate.+"})', "eval_time": "7h", "exp_samples": []}
    evaluate(for_each(lambda _: still, lambda name: [never(name, "7h"), silent]), every="5m")


def test_one_failure_in_three_requests_is_silent(evaluate: Evaluate) -> None:
    """For every objective: a ratio of next to nothing is no burn, neither at once nor days later."""
    few = [Phase(30, 0), Phase(1, 1), Phase(1, 0, 1), Phase(1, 1), Phase(THREE_DAYS, 0)]
    evaluate(for_each(lambda _: few, lambda name: [never(name, "72h")]), every="5m")


def test_few_visitors_all_turned_away_are_heard(evaluate: Evaluate) -> None:
    """For every objective: one failure in three minutes and nothing else is an outage; the fifth rings."""
    rare = [Phase(30, 0), *[Phase(1, 0, 1), Phase(2, 0)] * 10]
    evaluate(for_each(lambda _: rare, lambda name: [firing(FAST, name, "42m", 0), firing(FAST, name, "46m")]))


def test_an_outage_is_not_over_because_nobody_calls_any_more(evaluate: Evaluate) -> None:
    """For every objective: without calls the page holds until one good call, or until the long window has forgotten."""
    outage = [Phase(30, 0), Phase(10, 0, 10)]
    mended = [*outage, Phase(50, 0), Phase(1, 1), Phase(20, 0)]
    left = [*outage, Phase(SIX_HOURS + HOUR, 0)]
    evaluate(
        for_each(
            lambda _: mended,
            lambda name: [firing(FAST, name, "40m"), firing(FAST, name, "90m"), firing(FAST, name, "92m", 0)],
        ),
        for_each(
            lambda _: left,
            lambda name: [firing(FAST, name, "6h30m"), firing(FAST, name, "6h45m", 0)],
        ),
    )


def test_a_restart_of_the_service_is_no_burst_of_failures(evaluate: Evaluate) -> None:
    """For every objective: counters that begin anew at 0 burn nothing."""
    fresh = [Phase(HOUR, EVENTS, 1)]
    inputs = [one for name in SLOS for one in series(name, fresh)]
    for one in inputs:
        one["values"] = f"{one['values']} {one['values']}"
    evaluate(group(inputs, [never(name, "2h") for name in SLOS]))
