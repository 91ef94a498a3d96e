"""From paths to a report: read the files, run the checks, take away what is waived."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from .checks import CHECKS
from .config import Ceiling, Config
from .config_file import read_config
from .documents import Broken, Unreadable, parse_all, parse_json, read
from .finding import Finding, Rule, Severity, at
from .manifest import memory_limits
from .metrics import Metric, Metrics
from .project import Project
from .query import Query
from .refused import refused
from .report import Report
from .scraping import Scraping, read_scraping
from .sources.dashboards import Dashboard, read_dashboard
from .sources.markdown import read_document
from .sources.objectives import Objectives, read_objectives
from .sources.rules import RuleFile, read_rules
from .text import Source, Text
from .waivers import REASON, UNUSED, Waivers

BROKEN = Rule("file/broken", Severity.ERROR, "a file is what it is taken for")
RULES: tuple[Rule, ...] = (BROKEN, *CHECKS, UNUSED, REASON)
"""Every rule that a finding can have."""


@dataclass(frozen=True)
class Order:
    """What to lint. Paths are relative to `root`, by which findings, runbooks and the configuration name them.

    `paths` are reported on; `context` is read too, for the recording rules and alerts in it. `metrics` is the whole
    truth, or None when nobody has said which there are. `catalogue` are those that must be used.
    """

    root: Path
    paths: Sequence[Path]
    context: Sequence[Path] = ()
    metrics: Sequence[Metric] | None = None
    catalogue: Sequence[Metric] = ()
    config: Path | None = None
    ceilings: Sequence[Ceiling] = ()
    interval: float | None = None
    promtool: Path | None = None


@dataclass
class _Read:
    """What has been read so far."""

    root: Path
    sources: list[Source] = field(default_factory=list)
    rule_files: list[RuleFile] = field(default_factory=list)
    dashboards: list[Dashboard] = field(default_factory=list)
    objectives: list[Objectives] = field(default_factory=list)
    documents: list[Query] = field(default_factory=list)
    broken: list[Finding] = field(default_factory=list)

    def take(self, path: Path) -> None:
        """Read a file by its kind; what is not what it should be becomes a finding. Raises Unreadable."""
        try:
            source = read(self.root / path, str(path))
            self.sources.append(source)
            self._sort(source, path.suffix.lower())
        except Broken as error:
            self.broken.append(broken(error))

    def _sort(self, source: Source, suffix: str) -> None:
        if suffix == ".json":
            self.dashboards.append(read_dashboard(source, parse_json(source)))
        elif suffix in {".md", ".markdown"}:
            self.documents += read_document(source)
        else:
            documents = parse_all(source)
            slos = [document for document in documents if isinstance(document, dict) and "slos" in document]
            self.objectives += (read_objectives(source, document) for document in slos)
            if not slos or len(documents) > len(slos):
                self.rule_files.append(read_rules(source, [document for document in documents if document not in slos]))

    def refuse(self, promtool: Path | None) -> None:
        """Make a finding of everything that Prometheus would refuse a file of rules for, beside its expressions."""
        for file in self.rule_files:
            told = () if promtool is None else refused(file, self.root, promtool)
            self.broken += (broken(error) for error in (*file.faults, *told))


def lint(order: Order) -> Report:
    """Run every check; raises Unreadable, with one sentence, when a file that was asked for cannot be read."""
    config = _config(order)
    found = _Read(order.root)
    for path in dict.fromkeys((*order.paths, *order.context)):
        found.take(path)
    found.refuse(order.promtool)
    project = _project(order, config, found)
    asked = {str(path) for path in order.paths} | {config.source.path}
    raised = dict.fromkeys(finding for finding in (*found.broken, *_checked(project)) if finding.source.path in asked)
    sources = [source for source in found.sources if source.path in asked]
    waivers = Waivers(config.waivers, sources, [rule.id for rule in RULES])
    standing = [finding for finding in raised if not waivers.waives(finding)]
    waived = len(raised) - len(standing)
    standing += waivers.faults(whole=not order.context)
    standing.sort(key=lambda finding: (finding.source.path, finding.position, finding.rule.id))
    expressions = sum(query.text.source.path in asked for query in project.queries)
    return Report(tuple(standing), len(sources), expressions, waived)


def _checked(project: Project) -> list[Finding]:
    """What the checks find; raises Unreadable when rules rest on each other so deeply that the stack is too small."""
    try:
        return [finding for check in CHECKS.values() for finding in check(project)]
    except RecursionError as error:
        raise Unreadable(
            "The recording rules rest on each other too deeply to be followed: shorten the chain of them"
        ) from error


def broken(error: Broken) -> Finding:
    """The finding for a file that is not what it should be."""
    if isinstance(error.at, Text):
        return at(BROKEN, error.at, error.what, error.todo)
    return Finding(BROKEN, error.source, error.at, 1, error.what, error.todo)


def _config(order: Order) -> Config:
    if order.config is None:
        return Config()
    shown = str(order.config)
    try:
        return read_config(read(order.root / order.config, shown))
    except Broken as error:
        raise Unreadable(f"{shown}:{_line(error)}: {error.what} {error.todo}") from error


def _line(error: Broken) -> int:
    return (error.at.position() if isinstance(error.at, Text) else error.at).line


def _project(order: Order, config: Config, found: _Read) -> Project:
    scraping = _scraping(order, config)
    target: dict[str, Any] = {**dict.fromkeys(config.targets), **scraping.labels}
    known = None if order.metrics is None else Metrics((*order.metrics, *config.metrics), target)
    return Project(
        root=order.root,
        rule_files=found.rule_files,
        dashboards=found.dashboards,
        objectives=found.objectives,
        documents=found.documents,
        metrics=known,
        scraping=Scraping(scraping.interval, target),
        config=config,
        ceilings=(*order.ceilings, *config.ceilings, *_limits(order.root, config)),
        subset=_subset(order.root, config),
        catalogue=order.catalogue,
        promtool=order.promtool,
    )


def _scraping(order: Order, config: Config) -> Scraping:
    scraping = Scraping()
    if config.prometheus is not None:
        scraping = _opened(order.root, config.prometheus, read_scraping)
    return scraping if order.interval is None else Scraping(order.interval, scraping.labels)


def _subset(root: Path, config: Config) -> dict[str, Any]:
    if config.subset is None:
        return {}
    subset = _opened(root, config.subset, lambda source: json.loads(source.content))
    return subset if isinstance(subset, dict) else {}


def _opened(root: Path, named: Text, reader: Any) -> Any:
    """What a file is that the configuration names; raises Unreadable."""
    try:
        return reader(read(root / named, named))
    except Broken as error:
        raise Unreadable(f"{named}:{_line(error)}: {error.what} {error.todo}") from error
    except ValueError as error:
        raise Unreadable(f"{named}: {error}; correct it, or the name of the file in {named.source.path}") from error


def _limits(root: Path, config: Config) -> Iterator[Ceiling]:
    """The ceilings that stand in manifests."""
    for limit in config.limits:
        for text, value in _opened(root, limit.file, partial(memory_limits, container=limit.container)):
            because = f"the limit of {limit.container} in {limit.file} is {text}"
            yield Ceiling(limit.metric, value, because, limit.margin)
