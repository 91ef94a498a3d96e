"""Values of labels inside of regular expressions, however these are built."""

from __future__ import annotations

import time

import pytest

from .conftest import Check, caret, ids, rule_file


@pytest.mark.parametrize(
    ("pattern", "strangers"),
    [
        ("(200|50O)", ["50O"]),
        ("^(?:200|50O)$", ["50O"]),
        ("^(200|(50O|503))$", ["50O"]),
        ("5(00|O3)", ["O3"]),
        ("[|(]+|200", ["[|(]+"]),
        ("(200|404)?", []),
        ("(?:200|500)|503", []),
        ("2(00|)", [""]),
        ("(5|2)[0-9]+", []),
        ("(5|4)[0-9]+", ["4"]),
    ],
)
def test_alternatives_in_brackets_are_checked_one_by_one(check: Check, pattern: str, strangers: list[str]) -> None:
    """Each with what stands around the brackets."""
    report = check({"r.yml": rule_file(f'shop_requests_total{{status=~"{pattern}"}}')})
    assert [caret(finding).strip(")") for finding in report.findings] == strangers


@pytest.mark.parametrize(
    ("pattern", "strangers"),
    [("1.0|2", ["2"]), ("1.0|1", []), (r"0.5|1(\.0)?", []), ("[+]Inf|5.0", []), ("(0.5|7)", ["7"])],
)
def test_each_edge_of_several_is_one_of_the_histogram(check: Check, pattern: str, strangers: list[str]) -> None:
    """In whichever spelling."""
    report = check({"r.yml": rule_file(f'rate(shop_request_duration_seconds_bucket{{le=~"{pattern}"}}[5m])')})
    assert [caret(finding) for finding in report.findings] == strangers


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(/?a*)*(a|a)*x", ".*.*.*.*.*.*b", "(a{1,}){20}b"])
def test_a_pattern_that_would_take_for_ever_is_not_tried(check: Check, pattern: str) -> None:
    """What Prometheus decides at once, Python would not within a lifetime."""
    page = f'# TYPE a_total counter\na_total{{path="{"a" * 200}"}} 1\n'
    began = time.monotonic()
    assert ids(check({"r.yml": rule_file(f'a_total{{path=~"{pattern}"}}')}, page=page)) == []
    assert time.monotonic() - began < 5
