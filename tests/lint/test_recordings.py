"""What is compared is followed through recording rules, subqueries and functions that pass a value on."""

from __future__ import annotations

import pytest

from .conftest import Check, alert_file, caret, ids, rule_file

BUCKETS = "sum by (le) (rate(shop_request_duration_seconds_bucket[5m]))"
QUANTILE = f"histogram_quantile(0.95, {BUCKETS})"
SETTINGS = """ceilings:
  - {metric: shop_request_duration_seconds, value: 3, because: the deadline of a request}
  - {metric: shop_memory_bytes, value: 1000, because: a limit}
"""


def found(check: Check, expression: str, *recordings: str, settings: str = "{}") -> list[tuple[str, str]]:
    """The findings in an alert of this expression, beside the rules recorded:0, recorded:1 …"""
    files = {"alert.yml": alert_file(expression), "rules.yml": rule_file(*recordings), "lint.yml": settings}
    report = check(files)
    return [(f.rule.id, caret(f)) for f in report.findings if f.source.path == "alert.yml"]


@pytest.mark.parametrize("operand", ["recorded:0", "max(recorded:0 > 0)", "recorded:1", "recorded:2 * 1000 / 1000"])
def test_a_recorded_quantile_has_its_edges(check: Check, operand: str) -> None:
    """As if it stood in the alert itself, however many rules are between."""
    chain = (QUANTILE, "recorded:0", "histogram_quantile(0.95, recorded:3)", BUCKETS)
    assert found(check, f"{operand} > 0.7", *chain) == [("threshold/edge", "0.7")]
    assert found(check, f"{operand} > 50", *chain) == [("threshold/reach", "50")]
    assert found(check, f"{operand} > 1", *chain) == []


PASSED_ON = [
    f"max_over_time({QUANTILE}[10m:1m])",
    f"last_over_time({QUANTILE}[10m:1m])",
    f"topk(3, {QUANTILE})",
    f"({QUANTILE} or vector(0))",
    f"label_replace({QUANTILE}, 'a', 'b', 'c', 'd')",
    f"clamp_min({QUANTILE}, 0)",
    f"clamp({QUANTILE}, 0, 40)",
]


@pytest.mark.parametrize("operand", PASSED_ON)
def test_a_quantile_that_is_passed_on_keeps_its_edges(check: Check, operand: str) -> None:
    """Through a subquery and through functions that choose."""
    assert ("threshold/edge", "0.7") in found(check, f"{operand} > 0.7")


@pytest.mark.parametrize("operand", PASSED_ON)
def test_an_alert_is_deaf_through_whatever_passes_the_value_on(check: Check, operand: str) -> None:
    """The ceiling of the metric is that of the value."""
    assert ("alert/deaf", "5") in found(check, f"{operand} > 5", settings=SETTINGS)


def test_a_mean_of_quantiles_has_no_edges(check: Check) -> None:
    """But still a ceiling."""
    mean = f"avg_over_time({QUANTILE}[10m:1m])"
    assert found(check, f"{mean} > 0.7") == []
    assert found(check, f"{mean} > 5", settings=SETTINGS) == [("alert/deaf", "5")]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("recorded:0 > 2000", "2000"),
        ("shop_memory_bytes + 500 > 1600", "1600"),
        ("shop_memory_bytes / 2 - 1 > 600", "600"),
        ("2 * shop_memory_bytes > 2000", "2000"),
        ("(topk(1, shop_memory_bytes) or vector(0)) > 1200", "1200"),
    ],
)
def test_arithmetic_with_numbers_moves_the_ceiling(check: Check, expression: str, value: str) -> None:
    """And recording moves nothing."""
    assert ("alert/deaf", value) in found(check, expression, "max(shop_memory_bytes)", settings=SETTINGS)


@pytest.mark.parametrize(
    "expression",
    [
        "shop_memory_bytes + 500 > 1400",
        "(shop_memory_bytes or shop_database_up) > 2000",
        "clamp_min(shop_memory_bytes, 5000) > 2000",
        "-1 * shop_memory_bytes > 2000",
    ],
)
def test_an_alert_that_may_ring_is_not_deaf(check: Check, expression: str) -> None:
    """What may be the value of something else has no ceiling."""
    assert "alert/deaf" not in [rule for rule, _ in found(check, expression, settings=SETTINGS)]


def test_shares_of_recorded_parts_lie_below_one(check: Check) -> None:
    """The parts are counted by rules of their own."""
    parts = ('sum(rate(shop_requests_total{status="500"}[5m]))', "sum(rate(shop_requests_total[5m]))")
    assert ("threshold/reach", "5") in found(check, "recorded:0 / recorded:1 > 5", *parts)
    assert ("threshold/reach", "5") not in found(check, "recorded:1 / recorded:0 > 5", *parts)


@pytest.mark.parametrize(
    "recording", ["sum(rate(shop_requests_total[5m]))", "sum(shop_requests_total)", "shop_memory_bytes"]
)
def test_a_rate_of_what_is_recorded_wants_a_counter(check: Check, recording: str) -> None:
    """A rule's result is none, unless it is a counter as it stands."""
    assert found(check, "rate(recorded:0[5m]) > 3", recording) == [("rate/counter", "rate")]
    assert found(check, "rate(recorded:0[5m]) > 3", "shop_requests_total") == []


def test_a_recorded_total_is_a_total(check: Check) -> None:
    """It counts since the start, too."""
    assert found(check, "recorded:0 > 100", "sum(shop_requests_total)") == [("counter/raw", "recorded:0")]
    assert found(check, "recorded:0 > 100", "sum(increase(shop_requests_total[5m]))") == []


def test_rules_in_a_circle_come_to_an_end(check: Check) -> None:
    """And nothing is known of them."""
    assert found(check, "recorded:0 > 100", "recorded:1", "recorded:0") == []


def test_a_ceiling_of_a_metric_that_does_not_exist_is_told(check: Check) -> None:
    """In the settings; it would keep watch over nothing."""
    report = check(
        {"rules.yml": rule_file("up"), "lint.yml": SETTINGS.replace("shop_memory_bytes", "shop_memory_byte")}
    )
    assert ids(report) == ["alert/deaf"]
    assert (report.findings[0].source.path, caret(report.findings[0])) == ("lint.yml", "shop_memory_byte")
    assert report.findings[0].todo == "Did you mean `shop_memory_bytes`?"
