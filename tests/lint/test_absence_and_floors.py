"""Alerts that seem to have their absence or their floor beside them, and those that need none."""

from __future__ import annotations

import pytest

from .conftest import Check, alert_file

DOWN = 'up{job="shop"} == 0'


def zero(check: Check, *expressions: str) -> bool:
    """Whether the first of some alerts, each in a file of its own, lacks its absence."""
    report = check({f"{n}.yml": alert_file(expression) for n, expression in enumerate(expressions)}, metrics=False)
    return ("0.yml", "zero/absence") in {(finding.source.path, finding.rule.id) for finding in report.findings}


@pytest.mark.parametrize(
    ("expressions", "found"),
    [
        ((DOWN, "shop_errors > 5 unless on (instance) up == 0"), True),
        ((DOWN, "shop_errors > 5 unless on (instance) up"), True),
        ((DOWN, 'absent(up{job="database"})'), True),
        ((DOWN, 'absent(up{job=~"data.*"})'), True),
        ((DOWN, 'absent(up{job=~"shop|database"})'), False),
        ((DOWN, 'absent(up{job="shop"})'), False),
        ((DOWN, 'absent(up{instance="a"})'), False),
        ((DOWN, '(sum(up{job="shop"}) or vector(0)) < 1'), False),
        (('shop_up{x="a"} == 0 or up == 1 unless on (job) shop_up{x="a"}',), False),
        (('shop_up{x="a"} == 0 or up == 1 unless on (job) shop_up{x="b"}',), True),
        (('up{job="shop"} < 1',), True),
        (('1 > up{job="shop"}',), True),
        (('up{job="shop"} != 1',), True),
        (('up{job="shop"} <= 0',), True),
        (('count(up{job="shop"} == 0) > 2',), True),
        (('up{job="shop"} == 1',), False),
        (('up{job="shop"} != 0',), False),
        (("shop_queue < 1",), False),
    ],
)
def test_only_what_rings_for_the_same_series_tells_of_their_absence(
    check: Check, expressions: tuple[str, ...], found: bool
) -> None:
    """In any of the files; a condition on the series, or other series of the name, is no such thing."""
    assert zero(check, *expressions) is found


BAD, ALL = "sum(increase(shop_errors_total[5m]))", "sum(increase(shop_requests_total[5m]))"
SHARE = f"{BAD} / {ALL} > 0.05"


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        (f"{BAD} > 0.05 * {ALL}", True),
        (f"{ALL} / 20 < {BAD}", True),
        (f"{BAD} > 0.05 * {ALL} and {BAD} > 3", False),
        (f"{BAD} > {ALL}", False),
        (f"{SHARE} or {BAD} > 100", True),
        (f"({SHARE} or {BAD} > 100) and {ALL} > 10", False),
        (f"{SHARE} and ({BAD} > 3 or {ALL} > 100)", False),
        (f"{SHARE} and ({BAD} > 3 or up == 1)", True),
        (f"{SHARE} unless {ALL} > 1000", True),
        (f"{SHARE} unless {ALL} < 10", False),
        (f"up == 0 unless {SHARE}", False),
        (f"{SHARE} and 10 < {ALL}", False),
        (f"{SHARE} and {ALL} < 10", True),
        (f"{BAD} / ({ALL} > 10) > 0.05", False),
        (f"{BAD} / clamp_min({ALL}, 1) > 0.05", False),
        ("rate(net_sent_bytes_total[5m]) / rate(net_sent_packets_total[5m]) > 1400", False),
        ("sum(rate(shop_requests_total[5m])) / count(rate(shop_requests_total[5m])) > 1e6", False),
        (f"count by (job) ({SHARE}) > 2", True),
    ],
)
def test_a_floor_stands_beside_the_ratio_that_it_is_for(check: Check, expression: str, found: bool) -> None:
    """With or without a division; a mean, bytes per packet and a divisor that is never small need none."""
    report = check({"a.yml": alert_file(expression)}, metrics=False)
    assert ("ratio/floor" in [finding.rule.id for finding in report.findings]) is found


def test_a_floor_is_found_however_many_rules_rest_on_each_other(check: Check) -> None:
    """Each rule is read once: thirty that each name the one before twice are a thousand million ways."""
    first = f"      - {{record: 'r:0', expr: '{BAD} / ({ALL} > 10)'}}\n"
    chain = "".join(f"      - {{record: 'r:{n}', expr: 'r:{n - 1} * 2 or r:{n - 1}'}}\n" for n in range(1, 30))
    rules = f"groups:\n  - name: g\n    rules:\n{first}{chain}"
    alert = alert_file("r:29 > 0.05").split("rules:\n")[1]
    report = check({"a.yml": rules + alert}, metrics=False)
    assert "ratio/floor" not in [finding.rule.id for finding in report.findings]
