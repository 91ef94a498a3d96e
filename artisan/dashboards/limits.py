"""The values at which panels change their colour: those at which the alerts of monitoring/alerts/ ring.

A test holds the two together, by the name of the alert. Red is for critical alerts, orange for warnings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode


@dataclass(frozen=True, slots=True)
class Limit:
    """The value at which a panel changes its colour: `bad_above`, or below it when `bad_above` is false."""

    value: float
    color: str = "red"
    bad_above: bool = True


def thresholds(limits: Sequence[Limit]) -> ThresholdsConfig:
    """Grafana's form: the colour of the lowest values first, then where each next one begins.

    `limits` ascend and all lie on the same side of good.
    """
    colors = [limit.color for limit in limits]
    colors = ["green", *colors] if limits[0].bad_above else [*colors, "green"]
    edges = [None, *(limit.value for limit in limits)]
    steps = [Threshold(value=edge, color=color) for edge, color in zip(edges, colors, strict=True)]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


UP = Limit(1, bad_above=False)  # ServiceUnavailable, RedisUnavailable, DatabaseUnavailable
ERROR_RATE = Limit(0.05)  # HighErrorRate
RESPONSE_SECONDS = Limit(5, "orange")  # SlowResponseTime
AGENT_ERROR_RATE = Limit(0.1, "orange")  # HighAgentErrorRate
LLM_FAILURES_PER_MINUTE = Limit(10)  # LLMProviderErrors
LLM_SECONDS = Limit(30, "orange")  # HighLLMLatency
LLM_USD_PER_HOUR = Limit(5, "orange")  # HighLLMSpend
UNPRICED = Limit(3, "orange")  # UnpricedLLMRequests
MEMORY_BYTES = Limit(4 * 1024**3, "orange")  # HighMemoryUsage
CACHE_HIT_RATE = Limit(0.7, "orange", bad_above=False)  # LowCacheHitRate
EVENT_LOOP_SECONDS = Limit(0.5, "orange")  # EventLoopLag
BURN_FAST = Limit(14.4)  # ErrorBudgetBurnFast, 1h and 5m
BURN_LATER = Limit(6)  # ErrorBudgetBurnFast, 6h and 30m
BURN_SLOW = Limit(1, "orange")  # ErrorBudgetBurnSlow
BUDGET_SPENT = Limit(0, bad_above=False)
ONE = Limit(1)  # the first of what should never be: AlertDeliveryFailing
ONE_WARNING = Limit(1, "orange")  # RuleEvaluationFailing
STATES = (Limit(-1, "blue"), Limit(0), Limit(1, "green"))  # not wanted, down, up
