"""What prometheus.yml tells: how often is scraped, which jobs there are, and which labels each target gets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .documents import Broken, mapping, mappings, parse_yaml
from .metrics import Values
from .text import Position, Source

_DEFAULT = "1m"  # Prometheus' own
_SECONDS: dict[str, float] = {"y": 31536000, "w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 1e-3}
_DURATION = re.compile("".join(rf"(?:(?P<{unit}>\d{{1,9}}){unit})?" for unit in _SECONDS))


@dataclass(frozen=True)
class Scraping:
    """`labels` are those that every scraped series has, with their values.

    `interval` is the longest of all jobs in seconds, None when nobody tells.
    """

    interval: float | None = None
    labels: Mapping[str, Values] = field(default_factory=lambda: {"job": None, "instance": None})


def read_scraping(source: Source) -> Scraping:
    """From the text of a prometheus.yml; raises Broken when it is none."""
    config = parse_yaml(source)
    if not isinstance(config, dict) or not isinstance(config.get("scrape_configs"), list):
        raise Broken(
            source, Position(1, 1), "This is no prometheus.yml: it has no `scrape_configs`.", "Name another file."
        )
    jobs = [job for job in mappings(config["scrape_configs"]) if job.get("job_name")]
    usual = mapping(config.get("global")).get("scrape_interval")
    try:
        intervals = [seconds(job.get("scrape_interval") or usual or _DEFAULT) for job in jobs]
    except ValueError as error:
        raise Broken(
            source, Position(1, 1), f"A `scrape_interval` is no duration ({error}).", "Write one such as 15s."
        ) from error
    # A relabelling may set any label, and may rename the job itself.
    relabelled = {str(rule["target_label"]) for job in jobs for rule in _relabellings(job) if "target_label" in rule}
    names: Values = None if "job" in relabelled else frozenset(str(job["job_name"]) for job in jobs)
    labels: dict[str, Values] = {"instance": None}
    labels |= {name: None for job in jobs for name in _static_labels(job)} | dict.fromkeys(relabelled)
    return Scraping(max(intervals, default=None), {**labels, "job": names})


def seconds(duration: str) -> float:
    """`1m30s` in seconds; raises ValueError."""
    found = _DURATION.fullmatch(str(duration))
    parts = found.groupdict(default="0") if found else {}
    total = sum(int(number) * _SECONDS[unit] for unit, number in parts.items())
    if total <= 0:
        raise ValueError(f"`{duration}` is none")
    return total


def _relabellings(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key in ("relabel_configs", "metric_relabel_configs"):
        yield from mappings(job.get(key))


def _static_labels(job: dict[str, Any]) -> Iterator[str]:
    for group in mappings(job.get("static_configs")):
        yield from mapping(group.get("labels"))
