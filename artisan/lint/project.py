"""Everything that lint knows: the files that it was given, the metrics that exist, and what the configuration says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from .config import Ceiling, Config
from .labels import ANY, LabelSet, labels_of
from .metrics import Metric, Metrics, Series, Values
from .promql import Node, Selector
from .query import Query
from .scraping import Scraping
from .sources.dashboards import Dashboard
from .sources.objectives import Objectives
from .sources.rules import Alert, Recording, RuleFile

_SCRAPES = (
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
    "scrape_timeout_seconds",
    "scrape_sample_limit",
    "scrape_body_size_bytes",
)


@dataclass(frozen=True)
class Project:
    """What the checks look at. `metrics` is None when nobody says which there are: then any metric may exist."""

    root: Path
    rule_files: Sequence[RuleFile] = ()
    dashboards: Sequence[Dashboard] = ()
    objectives: Sequence[Objectives] = ()
    documents: Sequence[Query] = ()
    metrics: Metrics | None = None
    scraping: Scraping = field(default_factory=Scraping)
    config: Config = field(default_factory=Config)
    ceilings: Sequence[Ceiling] = ()
    subset: Mapping[str, Any] = field(default_factory=dict)
    catalogue: Sequence[Metric] = ()
    """The project's own metrics, each of which should be used; empty when only a part of its files is looked at."""
    promtool: Path | None = None

    @cached_property
    def alerts(self) -> list[Alert]:
        """Every alerting rule."""
        return [alert for file in self.rule_files for alert in file.alerts]

    @cached_property
    def recordings(self) -> dict[str, list[Recording]]:
        """Recording rules by the name that they record."""
        found: dict[str, list[Recording]] = {}
        for recording in (recording for file in self.rule_files for recording in file.recordings):
            found.setdefault(recording.name, []).append(recording)
        return found

    @cached_property
    def queries(self) -> list[Query]:
        """Every expression."""
        return list(self._queries())

    def _queries(self) -> Iterator[Query]:
        for file in self.rule_files:
            rules = [*(alert.query for alert in file.alerts), *(recording.query for recording in file.recordings)]
            yield from sorted(rules, key=lambda query: query.scope)
        for objectives in self.objectives:
            yield from objectives.queries
        for dashboard in self.dashboards:
            yield from dashboard.queries
        yield from self.documents

    def trees(self) -> Iterator[tuple[Query, Node]]:
        """Every expression that parses, with its tree."""
        for query in self.queries:
            if query.tree is not None:
                yield query, query.tree

    def series(self, name: str) -> Series | None:
        """What is known of a series name, or None."""
        return self._built_in.get(name) or (self.metrics and self.metrics.get(name)) or self._recorded(name)

    def names(self) -> set[str]:
        """Every series name that is known."""
        return {*self._built_in, *self.recordings, *(self.metrics.names() if self.metrics else ())}

    def labels(self, node: Node) -> LabelSet:
        """The labels that the result of an expression can have."""
        return labels_of(node, self._selected)

    def _selected(self, selector: Selector) -> LabelSet:
        series = self.series(selector.name) if selector.name else None
        absent = frozenset(m.label for m in selector.matchers if m.op == "=" and m.value == "")
        if series is None:
            return ANY.plus({m.label: None for m in selector.matchers}).without(absent)
        return LabelSet(series.labels, series.metric.open).without(absent)

    @cached_property
    def _built_in(self) -> dict[str, Series]:
        """What Prometheus itself makes."""
        target = self.scraping.labels
        open_targets = self.metrics is None  # then nobody has said which labels targets get
        scraped = {name: _gauge(name, target, open=open_targets) for name in ("up", *_SCRAPES)}
        names = frozenset(str(alert.name) for alert in self.alerts)
        labels: dict[str, Values] = {"alertname": names or None, "alertstate": frozenset({"pending", "firing"})}
        return {**scraped, **{name: _gauge(name, labels, open=True) for name in ("ALERTS", "ALERTS_FOR_STATE")}}

    @cached_property
    def _derived(self) -> dict[str, Series | None]:
        return {}

    def _recorded(self, name: str) -> Series | None:
        """A recorded series, with the labels that its expression leaves."""
        if name not in self.recordings:
            return None
        if name not in self._derived:
            # A rule that rests on itself would be asked for without end.
            self._derived[name] = Series(name, "unknown", {}, Metric(name, "unknown", open=True))
            sets = [self._recording_labels(recording) for recording in self.recordings[name]]
            union = sets[0]
            for labels in sets[1:]:
                union |= labels
            metric = Metric(name, "unknown", union.values, open=union.open)
            self._derived[name] = Series(name, "unknown", union.values, metric)
        return self._derived[name]

    def _recording_labels(self, recording: Recording) -> LabelSet:
        tree = recording.query.tree
        labels = ANY if tree is None else self.labels(tree)
        return labels.plus({str(name): frozenset({str(value)}) for name, value in recording.labels.items()})


def _gauge(name: str, labels: Mapping[str, Values], *, open: bool) -> Series:
    return Series(name, "gauge", labels, Metric(name, "gauge", labels, open=open))
