"""Artisan Hub - SLOs: how much of each error budget is left, and how fast it goes.

All series are made by the recording rules of monitoring/rules/artisan-slo.yml.
"""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard

from . import limits
from .board import board, choice
from .limits import Limit
from .panels import Panel, Query, graph, tiles

_SLO = 'slo=~"$slo"'
# Each window with the burn rates that matter in it, by the rules of ErrorBudgetBurnFast and ErrorBudgetBurnSlow.
_WINDOWS: dict[str, list[Limit]] = {
    "5m": [limits.BURN_FAST],
    "1h": [limits.BURN_FAST],
    "30m": [limits.BURN_LATER],
    "6h": [limits.BURN_SLOW, limits.BURN_LATER],
    "3d": [limits.BURN_SLOW],
}


def objectives() -> dashboard.Dashboard:
    """The dashboard `artisan-slo`."""
    names = "slo:objective:ratio"
    return board(
        "artisan-slo",
        "Artisan Hub - SLOs",
        "How much of each error budget is left, and how fast it goes",
        variables=[choice("slo", "Objective", names, "Which objectives are shown.")],
        rows=[
            ("What is left", _left()),
            ("How fast it burns", _burning()),
            ("What was measured", _measured()),
        ],
    )


def _left() -> list[Panel]:
    return [
        tiles(
            "Error budget left",
            "Of the last 30 days. Below 0 the objective is missed.",
            Query(f"slo:period_error_budget_remaining:ratio{{{_SLO}}}", "{{slo}}"),
            unit="percentunit",
            width=8,
            limits=[limits.BUDGET_SPENT],
        ),
        tiles(
            "Kept over 30 days",
            "Share of good events in the last 30 days, or since there are figures.",
            Query(f"1 - slo:sli_error:ratio_rate30d{{{_SLO}}}", "{{slo}}"),
            unit="percentunit",
            width=8,
            decimals=3,
        ),
        tiles(
            "Objective",
            "The share of good events that monitoring/slo.yml promises.",
            Query(f"slo:objective:ratio{{{_SLO}}}", "{{slo}}"),
            unit="percentunit",
            width=8,
            decimals=3,
        ),
    ]


def _burning() -> list[Panel]:
    now: list[Panel] = [_burn_rate_now(window, edges) for window, edges in _WINDOWS.items()]
    return [
        *now,
        tiles(
            "Bad events, 1h",
            "How many there were. The alerts ask for a few at least, so that a single one wakes nobody.",
            Query(f"slo:sli_bad_events:increase1h{{{_SLO}}}", "{{slo}}"),
            unit="short",
            width=4,
            decimals=0,
        ),
        graph(
            "Burn rate, last 5 minutes",
            "How many times faster than the objective allows. The lines are the limits of ErrorBudgetBurnSlow (1) and"
            " ErrorBudgetBurnFast (6 and 14.4), which look at longer windows too.",
            Query(f"slo:current_burn_rate:ratio{{{_SLO}}}", "{{slo}}"),
            unit="short",
            width=12,
            limits=[limits.BURN_SLOW, limits.BURN_LATER, limits.BURN_FAST],
        ),
        graph(
            "Error budget left",
            "A slope is burning, a step is an incident, a rise is an old incident that leaves the 30 days.",
            Query(f"slo:period_error_budget_remaining:ratio{{{_SLO}}}", "{{slo}}"),
            unit="percentunit",
            width=12,
            limits=[limits.BUDGET_SPENT],
            least=None,
        ),
    ]


def _burn_rate_now(window: str, edges: list[Limit]) -> Panel:
    rings = {
        limits.BURN_FAST: "Alert: ErrorBudgetBurnFast, when 1h and 5m are both above 14.4.",
        limits.BURN_LATER: "Alert: ErrorBudgetBurnFast, when 6h and 30m are both above 6.",
        limits.BURN_SLOW: "Alert: ErrorBudgetBurnSlow, when 3d and 6h are both above 1.",
    }
    return tiles(
        f"Burn rate, {window}",
        " ".join(["1 spends the budget in exactly 30 days.", *(rings[edge] for edge in edges)]),
        Query(f"slo:sli_error:ratio_rate{window}{{{_SLO}}} / on (slo) slo:error_budget:ratio{{{_SLO}}}", "{{slo}}"),
        unit="short",
        width=4,
        limits=edges,
    )


def _measured() -> list[Panel]:
    return [
        graph(
            "Good events, 5 minutes",
            "Share of good events, by objective.",
            Query(f"1 - slo:sli_error:ratio_rate5m{{{_SLO}}}", "{{slo}}"),
            unit="percentunit",
            width=12,
            least=None,
        ),
        graph(
            "Good events, 1 hour",
            "The same without the noise of single events.",
            Query(f"1 - slo:sli_error:ratio_rate1h{{{_SLO}}}", "{{slo}}"),
            unit="percentunit",
            width=12,
            least=None,
        ),
    ]
