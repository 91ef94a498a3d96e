"""Whatever lint is given, it answers in one sentence with file, line and what to do; and never with a stack trace."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artisan.lint import Order, Unreadable, lint
from artisan.lint.documents import MAX_BYTES

from .conftest import Check, alert_file, ids, rule_file

GRAFANA_2 = {"apiVersion": "dashboard.grafana.app/v2beta1", "kind": "Dashboard", "spec": {"elements": {}}}
BROKEN = {
    "empty": ("r.yml", "", 1, "The file is empty."),
    "only a comment": ("r.yml", "# nothing\n", 1, "no list `groups`"),
    "no YAML": ("r.yml", "groups:\n  - name: a\n  rules: [\n", 3, "This is no YAML"),
    "a tab": ("r.yml", "groups:\n\t- name: a\n", 2, "This is no YAML"),
    "a list": ("r.yml", "- a\n- b\n", 1, "no list `groups`"),
    "a number": ("r.yml", "7\n", 1, "no list `groups`"),
    "deep": ("r.yml", "[" * 5000, 1, "nested more than 100 levels deep"),
    "itself inside": ("r.yml", "groups: &a [*a]\n", 1, "This is no YAML"),
    "a key twice": ("r.yml", "groups: []\ngroups: []\n", 2, "The key `groups` stands twice"),
    "a group without a name": ("r.yml", "groups:\n  - rules: []\n", 2, "no `name`"),
    "rules that are no list": ("r.yml", "groups:\n  - name: a\n    rules: 5\n", 2, "is no list"),
    "a rule that is a word": ("r.yml", "groups:\n  - name: a\n    rules: [b]\n", 3, "A rule is no mapping"),
    "a rule without a name": ("r.yml", "groups: [{name: a, rules: [{expr: up}]}]\n", 1, "either `alert` or `record`"),
    "a rule of both kinds": ("r.yml", "groups: [{name: a, rules: [{alert: a, record: b}]}]\n", 1, "either `alert`"),
    "a rule without expr": ("r.yml", "groups: [{name: a, rules: [{alert: a}]}]\n", 1, "has no `expr`"),
    "labels in a list": (
        "r.yml",
        "groups: [{name: a, rules: [{alert: a, expr: up, labels: [b]}]}]\n",
        1,
        "`labels` of a rule is no mapping",
    ),
    "objectives that are a word": ("s.yml", "slos: all\n", 1, "`slos` is no list"),
    "an objective of nothing": ("s.yml", "slos:\n  - name: a\n", 2, "neither `events` nor `latency`"),
    "no JSON": ("d.json", '{"panels": [\n}', 2, "This is no JSON"),
    "deep JSON": ("d.json", "[" * 100_000, 1, "nested too deeply"),
    "a JSON list": ("d.json", "[]", 1, "This is no dashboard"),
    "no dashboard": ("d.json", "{}", 1, "no list `panels`"),
    "old": ("d.json", '{"rows": [], "schemaVersion": 12}', 1, "from before Grafana 5"),
    "Grafana's schema 2": ("d.json", json.dumps(GRAFANA_2), 1, "Grafana's schema 2"),
    "in Kubernetes": ("d.json", '{"apiVersion": "v1", "kind": "ConfigMap"}', 1, "Kubernetes ConfigMap"),
    "from the API": ("d.json", '{"meta": {}, "dashboard": {"panels": []}}', 1, "answer of Grafana's API"),
    "a panel without a type": ("d.json", '{"panels": [{"title": "a"}]}', 1, "has no `type`"),
}


@pytest.mark.parametrize(("name", "content", "line", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_a_finding_with_its_line(check: Check, name: str, content: str, line: int, words: str) -> None:
    """The other files are checked all the same."""
    report = check({name: content, "other.yml": rule_file("shop_gone")})
    first, second = sorted(report.findings, key=lambda finding: finding.rule.id)
    assert (first.rule.id, first.source.path, first.position.line) == ("file/broken", name, line)
    assert words in first.what
    assert second.rule.id == "metric/unknown"
    assert report.exit_code == 1


def test_a_binary_file_is_told(tmp_path: Path) -> None:
    """By the first byte that is no text."""
    (tmp_path / "r.yml").write_bytes(b"groups:\n\xff\xfe")
    (finding,) = lint(Order(tmp_path, [Path("r.yml")])).findings
    assert "byte 9 is not UTF-8" in finding.what


def test_what_cannot_be_read_at_all_stops_the_run(tmp_path: Path) -> None:
    """A folder, a missing file and a huge one: nothing was checked, and nobody should think so."""
    (tmp_path / "folder").mkdir()
    with (tmp_path / "huge.yml").open("wb") as huge:
        huge.truncate(MAX_BYTES + 1)
    for name, words in (
        ("folder", "is a directory: name the files"),
        ("no.yml", "does not exist"),
        ("huge.yml", "MiB"),
    ):
        with pytest.raises(Unreadable, match=words):
            lint(Order(tmp_path, [Path(name)]))


CONFIGS = {
    "no mapping": ("- a", "This is no configuration"),
    "an unknown key": ("promotheus: a.yml", "Did you mean `prometheus`?"),
    "a waiver without a reason": ("waivers:\n  - {rule: ratio/floor, where: a.yml}", "has no `reason`"),
    "an unknown key of a waiver": ("waivers:\n  - {rule: a, where: b, reason: c, until: d}", "no key `until`"),
    "a ceiling without a value": ("ceilings:\n  - {metric: a}", "has no `value`"),
    "a ceiling that is a word": ("ceilings:\n  - {metric: a, value: high, because: b}", "`high` is no number"),
    "a path that is a list": ("prometheus: [a]", "`prometheus` is no name of a file"),
    "an unknown type": ("metrics: [{name: a, type: number}]", "`number` is no type of metric"),
    "a margin that is a mapping": ("ceilings: [{metric: a, value: 1, because: b, margin: {}}]", "is no number"),
    "a list that is a word": ("unused: all", "`unused` is no list"),
    "a missing file": ("prometheus: no.yml", "no.yml does not exist"),
    "another file": ("prometheus: r.yml", "This is no prometheus.yml"),
    "a subset that is no JSON": ("subset: r.yml", "r.yml"),
    "a container that is not there": (
        "ceilings:\n  - {metric: a, limit: {file: r.yml, container: b}}",
        "no container `b`",
    ),
    "a limit of nothing": ("ceilings:\n  - {metric: a, limit: {file: r.yml}}", "needs `file` and `container`"),
}


@pytest.mark.parametrize(("content", "words"), CONFIGS.values(), ids=CONFIGS.keys())
def test_wrong_settings_stop_the_run(check: Check, content: str, words: str) -> None:
    """With the file and, where it is about its content, the line."""
    with pytest.raises(Unreadable, match=words.replace("?", r"\?")):
        check({"r.yml": rule_file("up"), "lint.yml": content})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = ["panels", "templating", "annotations", "fieldConfig", "targets", "type", "title", "list", "expr", "defaults"]
BOARDS = st.recursive(
    JSON | st.just("timeseries") | st.just("sum(rate(shop_requests_total[5m]))"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([*KEYS, "schemaVersion"]), BOARDS, max_size=6))
def test_no_dashboard_makes_lint_fall_over(check: Check, board: dict[str, object]) -> None:
    """Whatever stands where something else was expected."""
    check({"d.json": json.dumps(board)})


PIECES = st.sampled_from(
    ["sum", "(", ")", "by", "rate", "x", "[5m]", ">", "0", "and", "or", "{", "}", 'a="b"', "/", "-", "on", "le", ","]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PIECES, min_size=1, max_size=12).map(" ".join))
def test_no_expression_makes_lint_fall_over(check: Check, expression: str) -> None:
    """What does not parse is one finding with a place inside of the expression."""
    report = check({"a.yml": alert_file(expression)}, metrics=False)
    broken = [finding for finding in report.findings if finding.rule.id == "promql/syntax"]
    assert len(broken) <= 1
    assert all(finding.position.line == 5 for finding in broken)


SETTINGS = st.recursive(
    st.sampled_from(["a", "5", "r.yml", "gauge", "any"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["metric", "name", "type", "rule", "where", "reason", "limit", "file"]), inner
        )
    ),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from(["prometheus", "subset", "targets", "metrics", "ceilings", "waivers"]), SETTINGS)
)
def test_no_settings_make_lint_fall_over(check: Check, config: dict[str, object]) -> None:
    """They are taken, or refused in one sentence."""
    with contextlib.suppress(Unreadable):
        check({"r.yml": rule_file("up"), "lint.yml": json.dumps(config)})


def test_an_expression_of_another_kind_of_scalar_is_read(check: Check) -> None:
    """`expr: 1` is PromQL, whatever YAML makes of it."""
    assert ids(check({"r.yml": "groups: [{name: a, rules: [{record: b, expr: 1}]}]"})) == []
