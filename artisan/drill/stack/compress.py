"""Time in rules, divided by one stated factor.

What is compressed: ranges, subqueries and offsets in expressions; `for`, `keep_firing_for` and the intervals of groups;
the intervals of scraping and evaluating; how often Prometheus sends an alert again; how far it looks back. Thresholds
are not, nor is anything of the application. So what a rule says *per second* or *per minute* means the same as before,
while what it counts *within a window* has to happen faster.
"""

from __future__ import annotations

import re
from typing import Any

_UNITS = {"y": 31_536_000_000, "w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_DURATION = re.compile(r"(?:\d+(?:ms|[ywdhms]))+")
_TERM = re.compile(r"(\d+)(ms|[ywdhms])")
# What a duration can hide in comes first, so that it is passed over whole: strings of all three kinds, and comments.
_IN_QUERY = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|\#[^\n]*)
      | \[(?P<window>[^\]]*)\]
      | (?P<keyword>\boffset\s+-?\s*)(?P<shift>(?:\d+(?:ms|[ywdhms]))+)""",
    re.VERBOSE | re.IGNORECASE,
)
_RULE_KEYS = ("for", "keep_firing_for")
_GROUP_KEYS = ("interval", "query_offset")
_SCRAPE_KEYS = ("scrape_interval", "scrape_timeout")
# Prometheus' own values where a configuration says nothing.
_DEFAULTS = {"scrape_interval": "1m", "evaluation_interval": "1m"}
_RESEND_DELAY, _LOOKBACK = "1m", "5m"


def milliseconds(duration: str) -> int:
    """The length of a duration in Prometheus' notation, such as `1h30m`. Raises ValueError for anything else."""
    if duration == "0":
        return 0
    if not _DURATION.fullmatch(duration):
        raise ValueError(f"{duration!r} is not a duration such as 90s or 1h30m")
    return sum(int(count) * _UNITS[unit] for count, unit in _TERM.findall(duration))


def seconds(duration: str) -> float:
    """The same in seconds."""
    return milliseconds(duration) / 1000


def notation(length: int) -> str:
    """Milliseconds in Prometheus' notation, longest units first; weeks and years as days."""
    if length == 0:
        return "0s"
    text = ""
    for unit in ("d", "h", "m", "s", "ms"):
        count, length = divmod(length, _UNITS[unit])
        text += f"{count}{unit}" if count else ""
    return text


def compressed(duration: str, factor: float) -> str:
    """A duration divided by the factor, to the millisecond, which is the finest that Prometheus knows; never to 0."""
    length = milliseconds(duration)
    return notation(max(1, round(length / factor)) if length else 0)


def compressed_query(query: str, factor: float) -> str:
    """An expression with its ranges, subqueries and offsets compressed; its names, strings and numbers stay."""

    def replace(match: re.Match[str]) -> str:
        if match["text"] is not None:
            return match["text"]
        if match["window"] is not None:
            return f"[{_DURATION.sub(shorter, match['window'])}]"
        return match["keyword"] + compressed(match["shift"], factor)

    def shorter(match: re.Match[str]) -> str:
        return compressed(match[0], factor)

    return _IN_QUERY.sub(replace, query)


def longest_window(query: str) -> float:
    """The longest range, subquery or offset of an expression, in seconds; 0 without any."""
    found = [match["window"] or match["shift"] or "" for match in _IN_QUERY.finditer(query)]
    return max((seconds(each[0]) for text in found for each in _DURATION.finditer(text)), default=0.0)


def compressed_rules(content: dict[str, Any], factor: float) -> dict[str, Any]:
    """The content of a rules file, compressed."""
    return {**content, "groups": [_group(group, factor) for group in content.get("groups") or []]}


def _group(group: dict[str, Any], factor: float) -> dict[str, Any]:
    rules = [_rule(rule, factor) for rule in group.get("rules") or []]
    return {**_durations(group, _GROUP_KEYS, factor), "rules": rules}


def _rule(rule: dict[str, Any], factor: float) -> dict[str, Any]:
    return {**_durations(rule, _RULE_KEYS, factor), "expr": compressed_query(str(rule["expr"]), factor)}


def _durations(mapping: dict[str, Any], keys: tuple[str, ...], factor: float) -> dict[str, Any]:
    return {key: compressed(str(value), factor) if key in keys else value for key, value in mapping.items()}


def compressed_prometheus(config: dict[str, Any], factor: float) -> dict[str, Any]:
    """Prometheus' configuration with all its intervals compressed."""
    keys = (*_SCRAPE_KEYS, "evaluation_interval")
    jobs = [_durations(job, _SCRAPE_KEYS, factor) for job in config.get("scrape_configs") or []]
    overall = _durations({**_DEFAULTS, **(config.get("global") or {})}, keys, factor)
    return {**config, "global": overall, "scrape_configs": jobs}


def prometheus_flags(factor: float) -> tuple[str, ...]:
    """The durations that Prometheus is told on its command line."""
    return (
        f"--rules.alert.resend-delay={compressed(_RESEND_DELAY, factor)}",
        f"--query.lookback-delta={compressed(_LOOKBACK, factor)}",
    )
