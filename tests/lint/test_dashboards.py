"""What panels show and name, and what a waiver is about."""

from __future__ import annotations

import json

import pytest

from .conftest import Check, caret, ids, rule_file

BAD, ALL = 'sum(rate(shop_requests_total{status="500"}[5m]))', "sum(rate(shop_requests_total[5m]))"


def board(expression: str, unit: str = "short", legend: str = "") -> str:
    """A dashboard with one whole panel."""
    panel = {
        "type": "timeseries",
        "title": "Panel",
        "description": "d",
        "datasource": {"type": "prometheus", "uid": "p"},
        "fieldConfig": {"defaults": {"unit": unit}},
        "targets": [{"refId": "A", "expr": expression, "legendFormat": legend}],
    }
    return json.dumps({"title": "t", "panels": [panel]})


@pytest.mark.parametrize(
    ("expression", "unit", "found"),
    [
        (f"{BAD} / {ALL}", "percentunit", False),
        (f"{BAD} / {ALL}", "percent", True),
        (f"100 * {BAD} / {ALL}", "percent", False),
        (f"100 * {BAD} / {ALL}", "percentunit", True),
        (f"100 * ({BAD} or vector(0)) / {ALL}", "percentunit", True),
        (f"1 - {BAD} / {ALL}", "percent", True),
        (f"100 * (1 - {BAD} / {ALL})", "percent", False),
        (f"sum(shop_requests_total) / {ALL}", "percent", False),
        (f"{BAD} / sum(rate(up[5m]))", "percent", False),
        ("shop_requests_total / up * shop_requests_total / up", "percent", False),
    ],
)
def test_a_share_is_shown_as_the_share_that_it_is(check: Check, expression: str, unit: str, found: bool) -> None:
    """Whatever a metric counts: divided by itself it is a plain number, and a hundred times that are per cents."""
    assert ("unit/mismatch" in ids(check({"d.json": board(expression, unit)}))) is found


def test_every_series_has_a_name(check: Check) -> None:
    """In a legend, and to count by."""
    assert ids(check({"d.json": board("shop_database_up", legend="{{__name__}} {{ job }}")})) == []
    assert ids(check({"r.yml": rule_file('count by (__name__) (shop_database_up{job="shop"})')})) == []


def test_groups_of_a_pattern_and_names_in_old_brackets_are_no_unknown_variables(check: Check) -> None:
    """But what is in brackets of Grafana's older kind is a variable."""
    replaced = 'label_replace(up, "a", "$svc", "job", "(?P<svc>.*)")'
    assert ids(check({"d.json": board(replaced)})) == []
    (finding,) = check({"d.json": board('up{job="[[nope]]"}')}).findings
    assert (finding.rule.id, caret(finding)) == ("dashboard/variable", "[[nope]]")


EXPRESSIONS = [
    "expr: up and\n            shop_gone",
    'expr: "up and\n            shop_gone"',
    "expr:\n            shop_gone",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_waiver_above_an_expression_covers_all_its_lines(check: Check, expression: str) -> None:
    """Plain, quoted or on the next line; what comes after it is not covered."""
    text = f"""groups:
  - name: g
    rules:
      - record: a
        # lint: ignore[metric/unknown] It is still to come.
        {expression}
      - record: b
        expr: shop_gone
"""
    report = check({"r.yml": text})
    assert report.waived == 1
    assert [finding.scope for finding in report.findings] == [text.splitlines().index("      - record: b") + 1]


BROKEN = {
    "no YAML": "groups: [  # lint: ignore[counter/raw] Because.\n",
    "no PromQL": "groups: [{name: g, rules: [\n {record: a, expr: sum(}]}]  # lint: ignore[counter/raw] Because.\n",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN.keys())
def test_what_cannot_be_read_has_no_unused_waivers(check: Check, text: str) -> None:
    """Nobody knows what they would waive: neither those in it nor those of the settings."""
    config = "waivers: [{rule: counter/raw, where: 'r.yml:*', reason: Because.}]"
    report = check({"r.yml": text, "lint.yml": config})
    assert "waiver/unused" not in ids(report)
    assert report.exit_code == 1
