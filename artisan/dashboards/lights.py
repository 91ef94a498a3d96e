"""The lights that more than one dashboard shows, each on an alert that its description names."""

from __future__ import annotations

from grafana_foundation_sdk.builders import stat

from . import limits, queries
from .panels import Query, light
from .queries import COUNTED_CACHES, JOB, quantile


def agent_error_rate() -> stat.Panel:
    """Of the agent that fails most."""
    return light(
        "Agent error rate",
        "The highest share of failed runs of any agent over the last 15 minutes. Alert: HighAgentErrorRate.",
        Query(f"max({queries.agent_error_rate('15m')})"),
        unit="percentunit",
        limits=[limits.AGENT_ERROR_RATE],
        leads_to="artisan-agents",
    )


def llm_failures_per_minute() -> stat.Panel:
    """Of the provider that fails most."""
    return light(
        "LLM failures per minute",
        "Errors, timeouts and refusals of the worst provider over the last 5 minutes. Alert: LLMProviderErrors.",
        Query(f"max({queries.llm_failures_per_minute('5m')})"),
        limits=[limits.LLM_FAILURES_PER_MINUTE],
        decimals=1,
        leads_to="artisan-agents",
    )


def slowest_llm() -> stat.Panel:
    """The 95th percentile of the slowest provider."""
    return light(
        "Slowest LLM, p95",
        "The highest 95th percentile of any provider over the last 5 minutes. Alert: HighLLMLatency.",
        Query(f"max({quantile(0.95, 'llm_request_duration_seconds', '5m', 'provider')})"),
        unit="s",
        limits=[limits.LLM_SECONDS],
        leads_to="artisan-agents",
    )


def llm_cost_per_hour() -> stat.Panel:
    """Of all providers together."""
    return light(
        "LLM cost per hour",
        "At the pace of the last 10 minutes, requests of unknown price aside. Alert: HighLLMSpend.",
        Query(queries.llm_cost_per_hour("10m")),
        unit="currencyUSD",
        limits=[limits.LLM_USD_PER_HOUR],
        leads_to="artisan-agents",
    )


def lowest_cache_hit_rate() -> stat.Panel:
    """Of the cache that misses most."""
    return light(
        "Lowest cache hit rate",
        "The cache that misses most over the last 10 minutes, embeddings aside: they are asked only for what the search"
        " cache did not have. Alert: LowCacheHitRate.",
        Query(f"min({queries.cache_hit_rate('10m', COUNTED_CACHES)})"),
        unit="percentunit",
        limits=[limits.CACHE_HIT_RATE],
        leads_to="artisan-inside",
    )


def memory() -> stat.Panel:
    """Of the backend that has most."""
    return light(
        "Memory",
        "Memory of the largest backend. Alert: HighMemoryUsage.",
        Query(f"max(memory_usage_bytes{{{JOB}}})"),
        unit="bytes",
        limits=[limits.MEMORY_BYTES],
        leads_to="artisan-inside",
    )
