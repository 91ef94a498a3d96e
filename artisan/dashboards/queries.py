"""The PromQL that lights and graphs share, over a window such as `5m`. It counts as the alerts do."""

from __future__ import annotations

JOB = 'job="artisan-backend"'


def failed_dependencies() -> str:
    """How many configured dependencies fail; 0 when none does."""
    return f"count(dependency_up{{{JOB}}} == 0 and dependency_configured{{{JOB}}} == 1) or vector(0)"


def error_rate(window: str) -> str:
    """Share of requests answered with 5xx."""
    return (
        f'sum(rate(http_requests_total{{{JOB}, status=~"5.."}}[{window}]))'
        f" / sum(rate(http_requests_total{{{JOB}}}[{window}]))"
    )


def agent_error_rate(window: str) -> str:
    """Share of runs that failed, by agent; cancelled ones count neither way."""
    return (
        f'sum by (agent_type) (rate(agent_executions_total{{{JOB}, status="error"}}[{window}]))'
        f' / sum by (agent_type) (rate(agent_executions_total{{{JOB}, status=~"success|error"}}[{window}]))'
    )


def llm_failures_per_minute(window: str) -> str:
    """Errors, timeouts and refusals, by provider."""
    return f'sum by (provider) (rate(llm_requests_total{{{JOB}, status=~"error|timeout|refused"}}[{window}])) * 60'


def cache_hit_rate(window: str) -> str:
    """Share of look-ups answered, by cache."""
    hits = f"sum by (cache_type) (rate(cache_hits_total{{{JOB}}}[{window}]))"
    misses = f"sum by (cache_type) (rate(cache_misses_total{{{JOB}}}[{window}]))"
    return f"{hits} / ({hits} + {misses})"


def quantile(q: float, histogram: str, window: str, by: str = "") -> str:
    """A quantile of a histogram, over all its series or by a label."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({q}, sum by ({labels}) (rate({histogram}_bucket{{{JOB}}}[{window}])))"
