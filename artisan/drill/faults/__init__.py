"""Real faults, one file each, and the order in which `--all` rehearses them.

A new drill is a new file with a `Scenario`, and its line here. Drills whose failed requests burn the error budgets come
late: what remembers them has to be forgotten before the next one. The one that lets Prometheus reload its rules is the
last of all: Prometheus then finds its Alertmanagers anew, which takes five seconds that no factor compresses.
"""

from __future__ import annotations

from artisan.drill.faults import (
    backend_killed,
    cache_cold,
    database_locked,
    loop_blocked,
    memory_ballast,
    prometheus_killed,
    provider_dear,
    provider_failing,
    provider_slow,
    provider_without_usage,
    route_broken,
    route_slow,
    rule_failing,
    tool_broken,
    valkey_killed,
    webhook_failing,
)
from artisan.drill.scenario import Scenario, Undrilled

SCENARIOS: tuple[Scenario, ...] = (
    prometheus_killed.SCENARIO,
    valkey_killed.SCENARIO,
    cache_cold.SCENARIO,
    memory_ballast.SCENARIO,
    webhook_failing.SCENARIO,
    provider_failing.SCENARIO,
    provider_dear.SCENARIO,
    provider_without_usage.SCENARIO,
    backend_killed.SCENARIO,
    loop_blocked.SCENARIO,
    database_locked.SCENARIO,
    route_broken.SCENARIO,
    route_broken.BURNING,
    tool_broken.SCENARIO,
    route_slow.SCENARIO,
    provider_slow.SCENARIO,
    rule_failing.SCENARIO,
)

UNDRILLED: tuple[Undrilled, ...] = (
    Undrilled(
        "ErrorBudgetBurnSlow",
        "its shortest window is six hours, so that no rehearsal of minutes could see it end, at any factor that leaves "
        "the other alerts a few scrapes; promtool alone proves it, at full length",
    ),
)
