"""Files of rules as Prometheus takes and refuses them, several documents in one, and panels of a library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Check, Locate, alert_file, caret, ids, rule_file

OBJECT = """apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
spec: {groups: [{name: g, rules: [{record: a, expr: %s}]}]}
"""


def test_all_documents_of_a_file_are_read(check: Check) -> None:
    """Empty ones are nothing, and other objects of Kubernetes beside a PrometheusRule are no rules."""
    texts = ["", OBJECT % "up", "kind: Service\nspec: {}\n", OBJECT % "unknown_thing"]
    report = check({"r.yml": "---\n".join(texts)})
    assert [(finding.rule.id, caret(finding)) for finding in report.findings] == [("metric/unknown", "unknown_thing")]


def test_objectives_and_rules_may_share_a_file(check: Check) -> None:
    """Each document is taken for what it is."""
    slo = "slos: [{name: s, events: {error: 'unknown_one[{window}]', total: up}}]\n"
    report = check({"r.yml": slo + "---\n" + rule_file("unknown_two")})
    assert [caret(finding) for finding in report.findings] == ["unknown_one", "unknown_two"]


def test_a_second_document_may_be_broken(check: Check) -> None:
    """And is told where it stands."""
    report = check({"r.yml": rule_file("up") + "---\n- [\n"})
    assert ids(report) == ["file/broken"]
    assert report.findings[0].position.line > 5


def test_a_selector_of_an_objective_is_a_text(check: Check) -> None:
    """Anything else is told in words."""
    slo = "slos: [{name: s, latency: {metric: up, threshold: '1', selector: {a: b}}}]\n"
    assert ids(check({"r.yml": slo})) == ["file/broken"]


def test_a_panel_of_a_library_is_passed_over(check: Check) -> None:
    """What it shows stands elsewhere; the other panels are read."""
    target = {"expr": "unknown_thing", "datasource": {"type": "prometheus", "uid": "x"}}
    shown = {"type": "stat", "title": "t", "description": "d", "targets": [target]}
    panels = [{"id": 1, "libraryPanel": {"uid": "a", "name": "n"}}, shown]
    report = check({"d.json": json.dumps({"title": "t", "schemaVersion": 41, "panels": panels})})
    assert "file/broken" not in ids(report)
    assert "metric/unknown" in ids(report)


def test_what_promtool_alone_refuses_is_told(check: Check, locate: Locate) -> None:
    """At the rule that it names."""
    text = alert_file("up == 0 or absent(up)", summary="{{ if }}x{{ end }}")
    report = check({"r.yml": text}, promtool=locate("promtool"))
    assert [(finding.rule.id, caret(finding)) for finding in report.findings] == [("file/broken", "Corpus")]
    assert "Prometheus refuses this file" in report.findings[0].what


@pytest.mark.parametrize("text", [rule_file("sum(up", "up"), OBJECT % "up"])
def test_promtool_does_not_tell_what_is_told(check: Check, locate: Locate, text: str) -> None:
    """Neither mistakes in expressions, nor objects that are not meant for it."""
    assert "file/broken" not in ids(check({"r.yml": text}, promtool=locate("promtool")))


def test_a_promtool_that_cannot_be_run_says_nothing(check: Check, tmp_path: Path) -> None:
    """The file is checked all the same."""
    assert ids(check({"r.yml": rule_file("up")}, promtool=tmp_path / "nothing")) == []
