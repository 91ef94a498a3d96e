"""The PromQL that lights and graphs share, over a window such as `5m`. It counts as the alerts do.

Lights speak of all backends, as the alerts do (`JOB`); graphs of those that the variable `instance` chooses (`HERE`).
"""

from __future__ import annotations

JOB = 'job="artisan-backend"'
HERE = f'{JOB}, instance=~"$instance"'
AGENT = f'{HERE}, agent_type=~"$agent_type"'
# Embeddings stand behind the search cache and are asked only for what that one did not have.
COUNTED_CACHES = f'{JOB}, cache_type!="embedding"'
MODEL = f'{HERE}, provider=~"$provider", model=~"$model"'


def rate(counter: str, by: str, where: str = HERE, window: str = "$__rate_interval") -> str:
    """Events per second of a counter, by labels; `by` empty for all together."""
    return f"{_sum(by)}(rate({counter}{{{where}}}[{window}]))"


def failed_dependencies() -> str:
    """How many configured dependencies fail; 0 when none does."""
    return f"count(dependency_up{{{JOB}}} == 0 and dependency_configured{{{JOB}}} == 1) or vector(0)"


def dependency_state(where: str) -> str:
    """The worst of the backends that want it, by dependency: 0 is down, 1 is up; -1 where none of them wants it."""
    up, configured = f"dependency_up{{{where}}}", f"dependency_configured{{{where}}}"
    worst = f"min by (dependency) ({up} and {configured} == 1)"
    return f"{worst} or max by (dependency) ({configured}) - 1"


def error_rate(window: str, where: str = JOB) -> str:
    """Share of requests answered with 5xx."""
    failed = f'{where}, status=~"5.."'
    return f"{rate('http_requests_total', '', failed, window)} / {rate('http_requests_total', '', where, window)}"


def agent_error_rate(window: str, where: str = JOB) -> str:
    """Share of runs that failed, by agent; cancelled ones count neither way."""
    runs, by = "agent_executions_total", "agent_type"
    failed, ended = f'{where}, status="error"', f'{where}, status=~"success|error"'
    return f"{rate(runs, by, failed, window)} / {rate(runs, by, ended, window)}"


def llm_failures_per_minute(window: str, where: str = JOB) -> str:
    """Errors, timeouts and refusals, by provider."""
    failed = f'{where}, status=~"error|timeout|refused"'
    return f"{rate('llm_requests_total', 'provider', failed, window)} * 60"


def llm_cost_per_hour(window: str, by: str = "", where: str = JOB) -> str:
    """US dollars that an hour costs at the pace of the window; requests of unknown price are not in it."""
    return f"{rate('llm_cost_usd_total', by, where, window)} * 3600"


def cache_hit_rate(window: str, where: str = JOB) -> str:
    """Share of look-ups answered, by cache."""
    hits = rate("cache_hits_total", "cache_type", where, window)
    return f"{hits} / ({hits} + {rate('cache_misses_total', 'cache_type', where, window)})"


def quantile(q: float, histogram: str, window: str, by: str = "", where: str = JOB) -> str:
    """A quantile of a histogram, over all its series or by labels."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({q}, {rate(f'{histogram}_bucket', labels, where, window)})"


def _sum(by: str) -> str:
    return f"sum by ({by}) " if by else "sum"
