"""threshold/edge: a threshold between two edges of its histogram, or a bucket that does not exist."""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Iterator

from artisan.lint.bounds import buckets
from artisan.lint.finding import Finding, Rule, Severity, at
from artisan.lint.labels import selectors
from artisan.lint.metrics import Series
from artisan.lint.origin import quantile_of
from artisan.lint.project import Project
from artisan.lint.promql import Call, Matcher, Node
from artisan.lint.shares import matches
from artisan.lint.sources.objectives import Latency
from artisan.lint.thresholds import Threshold, thresholds

RULE = Rule("threshold/edge", Severity.ERROR, "a threshold is a finite edge of its histogram, with another above it")


def check(project: Project) -> Iterator[Finding]:
    """Each threshold of a quantile, `le` of a bucket and latency of an objective that is no such edge."""
    for threshold in thresholds(project):
        if threshold.op not in {"==", "!="}:
            yield from _quantile(project, threshold)
    for query, tree in project.trees():
        for selector in selectors(tree):
            series = project.series(selector.name)
            if series and series.kind == "bucket" and series.metric.edges:
                for matcher in selector.matchers:
                    if (
                        matcher.label == "le"
                        and matcher.op in {"=", "=~"}
                        and not matcher.open
                        and _misses(series, matcher)
                    ):
                        node = Node(matcher.value_start, matcher.value_start + len(matcher.value))
                        what = f'`{series.name}` has no bucket with le="{matcher.value}".'
                        yield query.finding(RULE, node, what, _spelling(series, matcher.value))
    for objectives in project.objectives:
        for latency in objectives.latencies:
            yield from _objective(project, latency)


def _quantile(project: Project, threshold: Threshold) -> Iterator[Finding]:
    found = quantile_of(threshold.operand, threshold.value, project)
    if found is None or not isinstance(found.node, Call) or not found.exact:
        return
    series = buckets(found.node.arguments[1], project)
    if series is None:
        return
    edges, value = series.metric.edges, found.value
    if value <= 0 or value > edges[-1] or (value == edges[-1] and threshold.op == ">"):
        return  # threshold/reach speaks of these
    if value == edges[-1]:
        what = f"{value:g} is the last finite edge of `{series.metric.name}`: whatever is slower looks the same."
        yield threshold.finding(RULE, what, "Take a lower edge, or give the histogram one above it.")
    elif not any(math.isclose(value, edge) for edge in edges):
        what = f"{value:g} is no edge of `{series.metric.name}`, so the quantile is interpolated there."
        yield threshold.finding(RULE, what, f"Take {_nearest(edges, value)}, or add this edge to the histogram.")


def _misses(series: Series, matcher: Matcher) -> bool:
    values = [*series.metric.spelt.values(), "+Inf"]
    return not any(matches(matcher, value) for value in values)


def _spelling(series: Series, asked: str) -> str:
    try:
        value = float(asked)
    except ValueError:
        return f"Its edges are {', '.join(series.metric.spelt.values())}."
    if value in series.metric.spelt:
        return f'It is spelt le="{series.metric.spelt[value]}".'
    return f"Take {_nearest(series.metric.edges, value)}, or add this edge to the histogram."


def _nearest(edges: tuple[float, ...], value: float) -> str:
    above = bisect(edges, value)
    return " or ".join(f"{edge:g}" for edge in edges[max(0, above - 1) : above + 1])


def _objective(project: Project, latency: Latency) -> Iterator[Finding]:
    series = project.series(f"{latency.metric}_bucket")
    try:
        value = float(latency.threshold)
    except ValueError:
        what = f"`{latency.threshold}` is no number."
        yield at(
            RULE, latency.threshold, what, "Write the threshold in the metric's unit.", subject=latency.query.subject
        )
        return
    if series and series.metric.edges and not any(math.isclose(value, edge) for edge in series.metric.edges):
        what = f"{value:g} is no edge of `{latency.metric}`, so what is faster cannot be counted."
        todo = f"Take {_nearest(series.metric.edges, value)}, or add this edge to the histogram."
        yield at(RULE, latency.threshold, what, todo, subject=latency.query.subject)
