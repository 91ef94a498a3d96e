"""A file of service level objectives: `slos`, each with `events` (two queries over `{window}`) or `latency`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from artisan.lint.documents import Broken
from artisan.lint.query import Kind, Query, query
from artisan.lint.text import Position, Source, Text


@dataclass(frozen=True, eq=False)
class Latency:
    """An objective that counts what was faster than a threshold, in the unit of the histogram `metric`."""

    metric: Text
    threshold: Text
    query: Query


@dataclass(frozen=True)
class Objectives:
    """All expressions of a file, and its latency objectives."""

    source: Source
    queries: tuple[Query, ...]
    latencies: tuple[Latency, ...]


def read_objectives(source: Source, document: Mapping[str, Any]) -> Objectives:
    """From a parsed document; raises Broken when an objective is not whole."""
    slos = document.get("slos")
    if not isinstance(slos, list) or not all(
        isinstance(slo, dict) and isinstance(slo.get("name"), Text) for slo in slos
    ):
        raise Broken(source, Position(1, 1), "`slos` is no list of objectives with a `name`.", "See docs/slo.md.")
    queries = tuple(found for slo in slos for found in _events(source, slo))
    latencies = tuple(_latency(source, slo) for slo in slos if slo.get("latency"))
    return Objectives(source, (*queries, *(latency.query for latency in latencies)), latencies)


def _events(source: Source, slo: Mapping[str, Any]) -> Iterator[Query]:
    events = slo.get("events") or {}
    if not isinstance(events, dict) or not (events or slo.get("latency")):
        raise Broken(
            source, slo["name"], f"The objective {slo['name']} has neither `events` nor `latency`.", "Give it one."
        )
    for expression in events.values():
        if not isinstance(expression, Text) or not expression.strip():
            raise Broken(
                source, slo["name"], f"An event of {slo['name']} is no expression.", "Write PromQL over {window}."
            )
        yield query(expression, Kind.OBJECTIVE, slo["name"])


def _latency(source: Source, slo: Mapping[str, Any]) -> Latency:
    latency = slo["latency"]
    if not isinstance(latency, dict) or not all(isinstance(latency.get(key), Text) for key in ("metric", "threshold")):
        raise Broken(source, slo["name"], f"`latency` of {slo['name']} needs `metric` and `threshold`.", "Give both.")
    metric, selector = latency["metric"], latency.get("selector") or ""
    if not isinstance(selector, str):
        raise Broken(source, slo["name"], f"The `selector` of {slo['name']} is no text.", "Write matchers of labels.")
    text = Text.joined(metric, "_bucket{", selector, "}")
    return Latency(metric, latency["threshold"], query(text, Kind.OBJECTIVE, slo["name"]))
