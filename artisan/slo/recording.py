"""The recording rules: counts of events for each window, and all that follows from them.

Names follow Sloth's, with the label `slo` alone. A window without events has no ratio: there is nothing to be said
about it. Burn rate and budget are made for people and dashboards: there no event means nothing burned.
"""

from __future__ import annotations

from typing import Any

from .declaration import Declaration, Slo
from .windows import DIRECT, PERIOD, STEP, SUMMED, Window, plain

EVENTS = "slo:sli_events:increase"
BAD_EVENTS = "slo:sli_bad_events:increase"
STEP_EVENTS = f"slo:sli_events:per{STEP.name}"
STEP_BAD_EVENTS = f"slo:sli_bad_events:per{STEP.name}"
RATIO = "slo:sli_error:ratio_rate"
OBJECTIVE = "slo:objective:ratio"
BUDGET = "slo:error_budget:ratio"
BURN_RATE = "slo:current_burn_rate:ratio"
REMAINING = "slo:period_error_budget_remaining:ratio"

Rule = dict[str, Any]


def recording_groups(declaration: Declaration) -> list[dict[str, Any]]:
    """Two groups: what is known at once, and what is noted down once in each step to be summed up for days."""
    slos = declaration.slos
    now = [
        *(rule for slo in slos for window in DIRECT for rule in _counted(slo, window)),
        *(rule for window in SUMMED for rule in _summed(window)),
        *(_ratio(window) for window in (*DIRECT, *SUMMED)),
        *(rule for slo in slos for rule in _constants(slo)),
        _burn_rate(),
        _remaining(),
    ]
    return [
        {"name": "artisan-slo-windows", "interval": "30s", "rules": now},
        {"name": "artisan-slo-steps", "interval": STEP.name, "rules": list(_steps())},
    ]


def _counted(slo: Slo, window: Window) -> tuple[Rule, Rule]:
    labels = {"slo": slo.name}
    return (
        {"record": EVENTS + window.name, "expr": slo.indicator.events(window), "labels": labels},
        {"record": BAD_EVENTS + window.name, "expr": slo.indicator.bad_events(window), "labels": labels},
    )


def _steps() -> tuple[Rule, Rule]:
    """The events of one step. The windows of all evaluations within it are averaged, so that none falls between two."""
    window = STEP.name
    return (
        {"record": STEP_EVENTS, "expr": f"avg_over_time({EVENTS}{window}[{window}])"},
        {"record": STEP_BAD_EVENTS, "expr": f"avg_over_time({BAD_EVENTS}{window}[{window}])"},
    )


def _summed(window: Window) -> tuple[Rule, Rule]:
    return (
        {"record": EVENTS + window.name, "expr": f"sum_over_time({STEP_EVENTS}[{window.name}])"},
        {"record": BAD_EVENTS + window.name, "expr": f"sum_over_time({STEP_BAD_EVENTS}[{window.name}])"},
    )


def _ratio(window: Window) -> Rule:
    """Sums are divided, ratios never averaged: an hour counts by its events, not by its length."""
    return {
        "record": RATIO + window.name,
        "expr": f"{BAD_EVENTS}{window.name}\n  /\n({EVENTS}{window.name} > 0)",
    }


def _constants(slo: Slo) -> tuple[Rule, Rule]:
    labels = {"slo": slo.name}
    return (
        {"record": OBJECTIVE, "expr": f"vector({plain(slo.objective / 100)})", "labels": labels},
        {"record": BUDGET, "expr": f"vector({plain(slo.budget)})", "labels": labels},
    )


def _burn_rate() -> Rule:
    window = DIRECT[0].name
    return {"record": BURN_RATE, "expr": f"({RATIO}{window} or 0 * {EVENTS}{window})\n  /\n{BUDGET}"}


def _remaining() -> Rule:
    """Burn rate × the share of the period that is known is what is spent; the rest of the period is taken as clean.

    So a service that is an hour old has spent at most an hour's worth, however badly it began.
    """
    return {
        "record": REMAINING,
        "expr": (
            "1 - (\n"
            f"  {RATIO}{PERIOD.name} / {BUDGET}\n"
            "    *\n"
            f"  clamp_max(count_over_time({STEP_EVENTS}[{PERIOD.name}]) / {plain(PERIOD / STEP)}, 1)\n"
            ")\n"
            "or\n"
            f"1 + 0 * {EVENTS}{DIRECT[0].name}"
        ),
    }
