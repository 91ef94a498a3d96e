"""Lint knows nothing of this project: it checks rules for Prometheus against Prometheus' own page of metrics."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from artisan.lint import Order, Report, lint, read_page
from artisan.lint.config_file import read_config
from artisan.lint.documents import read
from artisan.lint.metrics import series_of
from artisan.stack import alertmanager
from artisan.stack.tools import Tools

from .conftest import ROOT, Locate, caret
from .programs import running
from .test_corpus import expected

RULES = Path(__file__).parent / "prometheus"


@pytest.fixture(scope="module")
def pages(tools: Tools, locate: Locate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The addresses of the pages of a real Prometheus and a real Alertmanager."""
    locate("prometheus")
    locate("alertmanager")
    if reason := alertmanager.refused(tools):
        pytest.skip(reason)
    with running(tools, tmp_path_factory.mktemp("programs")) as addresses:
        yield addresses


def linted(name: str, page: str) -> Report:
    return lint(Order(RULES, [Path(name)], metrics=read_page(page), interval=15))


def test_good_rules_for_prometheus_have_no_finding(pages: tuple[str, str]) -> None:
    """Read from its page as it runs; what has not happened yet is waived with a reason."""
    report = linted("good.yml", pages[0])
    assert [(f.rule.id, f.position.line, f.what) for f in report.findings] == []
    assert report.waived == 2


def test_bad_rules_for_prometheus_have_just_the_findings_that_they_announce(pages: tuple[str, str]) -> None:
    """Each at its line and characters."""
    report = linted("bad.yml", pages[0])
    found = [(f.rule.id, f.position.line, caret(f)) for f in report.findings]
    assert sorted(found) == sorted(expected(RULES / "bad.yml"))


def test_what_we_say_of_prometheus_and_alertmanager_is_what_they_say(pages: tuple[str, str]) -> None:
    """Each metric that monitoring/lint.yml declares for them is on their pages, with that type and those labels."""
    declared = read_config(read(ROOT / "monitoring/lint.yml", "monitoring/lint.yml")).metrics
    shown = {metric.name: metric for page in pages for metric in read_page(page)}
    for metric in declared:
        real = shown[metric.name]
        assert metric.type == real.type, metric.name
        assert {label for label in metric.labels if label != "job"} == real.labels.keys(), metric.name
        for label, values in metric.labels.items():
            assert label == "job" or values is None or values <= (real.labels[label] or set()), metric.name
        assert metric.unit == real.unit
        assert [series.name for series in series_of(metric)] == [series.name for series in series_of(real)]


def test_each_page_is_declared_under_its_own_job(pages: tuple[str, str]) -> None:
    """A rule that asks job `prometheus` for what Alertmanager tells would be empty."""
    declared = read_config(read(ROOT / "monitoring/lint.yml", "monitoring/lint.yml")).metrics
    names = {
        job: {m.name for m in read_page(page)} for job, page in zip(("prometheus", "alertmanager"), pages, strict=True)
    }
    for metric in declared:
        (job,) = metric.labels["job"] or ()
        assert metric.name in names[job]
