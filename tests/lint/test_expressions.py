"""Expressions that once ended in a traceback, and modifiers that make two selectors different."""

from __future__ import annotations

import pytest

from artisan.lint import Unreadable
from artisan.lint.promql import Invalid, Selector, Subquery, parse, walk

from .conftest import Check, alert_file, caret, ids, rule_file

NO_TIME = {
    "x[99999999999999999999d]": "99999999999999999999d",
    "x[1e20]": "1e20",
    "x[5m:1e20]": ":1e20",
    "x[3000000y]": "3000000y",
    "x offset 1e20": "1e20",
    "x offset -Inf": "Inf",
    "x offset NaN": "NaN",
}


@pytest.mark.parametrize("expression", NO_TIME)
def test_a_time_that_no_clock_counts_is_refused_in_words(expression: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The parser would panic, and write of it past all handlers."""
    with pytest.raises(Invalid, match="is no time that can be counted") as caught:
        parse(expression)
    assert expression[caught.value.start : caught.value.end] == NO_TIME[expression]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("expression", ["x[5m] @ 1e30", "x[0x10]", "x offset -1y", "x[1h:5m] offset 1.5"])
def test_a_time_that_can_be_counted_is_taken(expression: str) -> None:
    """In each of its spellings."""
    assert parse(expression)


def test_a_string_over_two_lines_is_told(check: Check) -> None:
    """At its quote; Prometheus refuses it, the parser below does not."""
    report = check({"r.yml": 'groups: [{name: g, rules: [{record: a, expr: "up{job=\\"a\\nb\\"}"}]}]'})
    assert ids(report) == ["promql/syntax"]
    assert "does not end on its line" in report.findings[0].what


def test_sorting_a_number_has_its_bounds(check: Check) -> None:
    """A vector of one number lies where the number does."""
    assert ids(check({"r.yml": rule_file("sort(vector(1)) > 0")})) == []
    assert ids(check({"r.yml": rule_file("sort(vector(1)) > 2")})) == ["threshold/reach"]


def test_a_long_chain_of_recordings_ends_in_a_sentence(check: Check) -> None:
    """Not in a traceback."""
    chain = [f"recorded:{number + 1} > 0" for number in range(1500)]
    with pytest.raises(Unreadable, match="rest on each other too deeply"):
        check({"r.yml": rule_file(*chain, "up")})


def test_modifiers_are_kept() -> None:
    """As they are written, but always in one order."""
    one, other = parse("x @ end() offset 1w"), parse("x OFFSET 1w @ end()")
    assert isinstance(one, Selector)
    assert isinstance(other, Selector)
    assert one.modifiers == other.modifiers == ("@ end ( )", "offset 1w")
    below = next(node for node in walk(parse("max_over_time(x[1h:5m] offset -1d)")) if isinstance(node, Subquery))
    assert below.modifiers == ("offset - 1d", "step 300.0")


@pytest.mark.parametrize("modifier", [" offset 1w", " @ start()"])
def test_what_was_then_is_no_part_of_what_is_now(check: Check, modifier: str) -> None:
    """A ratio to last week may be any number; a share of now and now may not."""
    part = "sum(increase(http_requests_total[5m]))"
    whole = f"sum(increase(http_requests_total[5m]{modifier}))"
    assert "threshold/reach" not in ids(check({"r.yml": alert_file(f"{part} / {whole} > 2")}))
    same = check({"r.yml": alert_file(f"{whole} / {whole} > 2")}).findings
    assert [caret(f) for f in same if f.rule.id == "threshold/reach"] == ["2"]
