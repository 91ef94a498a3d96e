"""What the corpus does not show: the finer points of single checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Check, alert_file, caret, ids, rule_file

SHARE = 'sum(rate(shop_requests_total{status=~"5.."}[5m])) / sum(rate(shop_requests_total[5m]))'
P90 = "histogram_quantile(0.9, sum by (le) (rate(shop_request_duration_seconds_bucket[5m])))"


def test_a_misspelt_metric_is_answered_with_the_one_that_was_meant(check: Check) -> None:
    """Whoever reads it should not have to search."""
    (finding,) = check({"r.yml": rule_file("rate(shop_request_total[5m])")}).findings
    assert finding.todo == "Did you mean `shop_requests_total`?"


def test_without_a_description_any_metric_may_exist(check: Check) -> None:
    """What needs one is not checked, and the rest is."""
    expressions = ("rate(anything[5m])", "sum by (a) (sum by (b) (x))", 'up{namespace="a"}')
    report = check({"r.yml": rule_file(*expressions)}, metrics=False)
    assert [(f.rule.id, caret(f)) for f in report.findings] == [("label/lost", "a")]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        (f"{SHARE} > 1", True),
        (f"{SHARE} >= 1", False),
        (f"{SHARE} * 100 > 5", False),
        (f"{SHARE} * 100 > 500", True),
        (f"100 - {SHARE} * 100 < -1", True),
        (f"1 - {SHARE} < 0.9", False),
        (f"({SHARE} or vector(0)) > 1.5", True),
        ('sum(rate(shop_requests_total[5m])) / sum(rate(shop_requests_total{status="200"}[5m])) > 5', False),
        ("rate(shop_requests_total[5m]) < 0", True),
        (f"5 < {P90}", False),
        (f"11 < {P90}", True),
        (f"max({P90}) * 1000 > 11000", True),
        ("shop_memory_bytes > 1e30", False),
        ("shop_database_up > 5", False),
        ("absent(shop_database_up) == 0", True),
        ("clamp_max(shop_memory_bytes, 5) > 6", True),
        ("hour() > 23", True),
        ("up == bool 1 > 1", True),
    ],
)
def test_only_what_can_never_hold_is_out_of_reach(check: Check, expression: str, found: bool) -> None:
    """Shares, quantiles, counts, clamps and dates have bounds; what has none is left alone."""
    assert ("threshold/reach" in ids(check({"r.yml": rule_file(expression)}))) is found


def test_a_recorded_series_has_the_bounds_labels_and_floor_of_its_rule(check: Check) -> None:
    """Splitting an expression over two rules must not hide anything."""
    recorded = f"""groups:
  - name: g
    rules:
      - record: shop:errors:ratio
        expr: {SHARE}
        labels: {{team: pay}}
      - record: shop:broken
        expr: shop:errors:ratio > 7 or shop:errors:ratio{{team="play"}} or shop:errors:ratio{{place="x"}}
"""
    assert ids(check({"r.yml": recorded})) == ["threshold/reach", "label/value", "label/unknown"]
    with_alert = recorded + alert_file("shop:errors:ratio > 0.1").split("rules:\n")[1]
    assert "ratio/floor" in ids(check({"r.yml": with_alert}))


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        (f"{SHARE} > 0.1", True),
        (f"{SHARE} > 0.1 and sum(rate(shop_requests_total[5m])) > 0.1", False),
        (f"{SHARE} > 0.1 and sum(rate(shop_requests_total[5m])) > 0", True),
        ("rate(shop_request_duration_seconds_sum[5m]) / rate(shop_request_duration_seconds_count[5m]) > 2", False),
        ("shop_memory_bytes / 1024 ^ 3 > 2", False),
        ("rate(shop_request_duration_seconds_sum[5m]) / scalar(count(up)) > 0.8", False),
    ],
)
def test_only_shares_of_events_need_a_floor(check: Check, expression: str, found: bool) -> None:
    """A mean, a share of memory and a share of time do not."""
    assert ("ratio/floor" in ids(check({"a.yml": alert_file(expression)}))) is found


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("shop_database_up == 0", True),
        ("shop_database_up == 0 or absent(shop_database_up)", False),
        ("up unless shop_database_up == 0", False),
        ("(sum(shop_database_up) or vector(0)) == 0", False),
        ("shop_memory_bytes > 5 and shop_database_up == 0", True),
        ("shop_memory_bytes == 3", False),
    ],
)
def test_a_zero_is_paired_with_an_absence(check: Check, expression: str, found: bool) -> None:
    """Wherever in the file that stands; what only keeps an alert from ringing needs none."""
    assert ("zero/absence" in ids(check({"a.yml": alert_file(expression)}))) is found


@pytest.mark.parametrize(
    ("pattern", "strangers"),
    [("200|500", []), ("(2|5)..", []), ("200|40[0-9]", ["40[0-9]"]), (".*", []), ("200|", []), ("9..", ["9.."])],
)
def test_alternatives_of_a_pattern_are_checked_one_by_one(check: Check, pattern: str, strangers: list[str]) -> None:
    """Brackets are not torn apart, and a pattern that allows nothing at all is no value."""
    report = check({"r.yml": rule_file(f'shop_requests_total{{status=~"{pattern}"}}')})
    assert [caret(finding) for finding in report.findings] == strangers


def test_labels_are_followed_through_joins_and_functions(check: Check) -> None:
    """Groupings, matchings, joins, label_replace, absent, count_values and topk treat labels as Prometheus does."""
    good = (
        "sum by (version) (shop_memory_bytes * on (job, instance) group_left (version) shop_info)",
        'sum by (zone) (label_join(shop_memory_bytes, "zone", "-", "job"))',
        "sum by (route) (topk(3, shop_requests_total))",
        'sum by (v) (count_values("v", shop_memory_bytes))',
        'sum by (job) (absent(up{job="shop"}))',
        "sum by (route) (shop_requests_total or shop_sent_bytes_total)",
        "sum without (status) (shop_requests_total) / ignoring (status) group_right () shop_requests_total",
    )
    assert ids(check({"r.yml": rule_file(*good)})) == []
    bad = (
        "sum by (status) (shop_requests_total / on (route) shop_sent_bytes_total)",
        'sum by (instance) (absent(up{job="shop"}))',
        "sum by (le) (histogram_quantile(0.9, rate(shop_request_duration_seconds_bucket[5m])))",
    )
    assert ids(check({"r.yml": rule_file(*bad)})) == ["label/lost"] * 3


def test_a_variable_of_a_dashboard_is_asked_of_a_metric_that_has_its_label(check: Check) -> None:
    """label_values(metric, label) is a query like any other."""
    board = """{"title": "t", "panels": [], "templating": {"list": [
      {"name": "a", "type": "query", "query": {"query": "label_values(shop_requests_total, route)"}},
      {"name": "b", "type": "query", "query": {"query": "label_values(shop_requests_total, shard)"}},
      {"name": "c", "type": "query", "query": "label_values(shop_request_total, route)"}]}}"""
    report = check({"d.json": board})
    assert [(f.rule.id, caret(f)) for f in report.findings] == [
        ("label/lost", "shard"),
        ("metric/unknown", "shop_request_total"),
    ]


def test_queries_of_other_data_sources_are_left_alone(check: Check) -> None:
    """Loki's language is not PromQL."""
    board = """{"title": "t", "panels": [{"type": "logs", "title": "Logs", "description": "d",
      "datasource": {"type": "loki", "uid": "loki"}, "targets": [{"expr": "{app=\\"shop\\"} |= \\"error\\""}]}]}"""
    assert ids(check({"d.json": board})) == []


def test_documents_are_read_as_people_read_them(check: Check) -> None:
    """A block holds several expressions, parted by comments and empty lines; a shell line asks one."""
    document = """# Words
```promql
# Requests
sum(
  rate(shop_requests_total[5m])
)

shop_memory_byte
```
```bash
query 'rate(shop_request_total[5m])'
```
"""
    report = check({"d.md": document})
    assert report.expressions == 3
    assert [(f.position.line, caret(f)) for f in report.findings] == [
        (8, "shop_memory_byte"),
        (11, "shop_request_total"),
    ]


def test_limits_are_read_from_kubernetes_and_compose(check: Check) -> None:
    """Every container of the name counts; one without a limit has none to reach."""
    manifest = """kind: Service
---
kind: Deployment
spec:
  template:
    spec:
      containers:
        - {name: shop, resources: {limits: {memory: 1Gi}}}
"""
    config = """ceilings:
  - {metric: shop_memory_bytes, limit: {file: k8s.yaml, container: shop}, margin: 1.5}
"""
    files = {"a.yml": alert_file("shop_memory_bytes > 800 * 1024 ^ 2"), "lint.yml": config, "k8s.yaml": manifest}
    paths = {"paths": [Path("a.yml")]}
    (finding,) = check(files, **paths).findings
    assert finding.rule.id == "alert/deaf"
    assert "1.5 times the threshold" in finding.what
    assert ids(check({**files, "k8s.yaml": manifest.replace("1Gi", "2Gi")}, **paths)) == []


def test_a_waiver_of_the_settings_waives_by_file_and_subject(check: Check) -> None:
    """And is reported once it waives nothing."""
    config = """waivers:
  - {rule: counter/raw, where: 'a*.yml:Corp*', reason: The counter is reset each night.}
  - {rule: counter/raw, where: 'b.yml', reason: Another one.}
"""
    report = check({"a.yml": alert_file("shop_requests_total > 5"), "lint.yml": config})
    assert [(f.rule.id, f.position.line) for f in report.findings] == [("waiver/unused", 3)]
    assert report.waived == 1


def test_a_comment_waives_in_markdown(check: Check) -> None:
    """Above the block that it is about."""
    document = "<!-- lint: ignore[metric/unknown] Only an example. -->\n```promql\nshop_gone\n```\n"
    report = check({"d.md": document})
    assert (ids(report), report.waived) == ([], 1)


def test_rules_inside_a_kubernetes_object_are_rules(check: Check) -> None:
    """The operator's PrometheusRule has the same groups below `spec`."""
    inner = "".join(f"  {line}\n" for line in rule_file("shop_gone").splitlines())
    report = check({"r.yml": f"kind: PrometheusRule\nspec:\n{inner}"})
    assert ids(report) == ["metric/unknown"]
