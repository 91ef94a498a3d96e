"""Findings are shown with their line and a caret, as JSON, or as annotations on GitHub."""

from __future__ import annotations

import json

from artisan.lint import FORMATS

from .conftest import Check, alert_file, rule_file


def test_text_shows_the_line_with_a_caret_what_is_wrong_and_what_to_do(check: Check) -> None:
    """And one line at the end that sums up."""
    report = check({"r.yml": rule_file("rate(shop_request_total[5m])", "up")})
    assert FORMATS["text"](report) == (
        "r.yml:5:20: error metric/unknown  recorded:0\n"
        "    5 |         expr: 'rate(shop_request_total[5m])'\n"
        "      |                     ^^^^^^^^^^^^^^^^^^\n"
        "  No metric `shop_request_total` exists.\n"
        "  Did you mean `shop_requests_total`?\n"
        "\n"
        "1 error, 0 warnings in 2 expressions of 1 file."
    ).replace("5:20", "5:21")


def test_a_long_line_is_cut_around_the_caret(check: Check) -> None:
    """So that both stay on the screen."""
    report = check({"r.yml": rule_file(" + ".join(["shop_memory_bytes"] * 30 + ["shop_gone"]))})
    line, caret = FORMATS["text"](report).splitlines()[1:3]
    assert len(line) < 180
    assert line[caret.index("^") : caret.rindex("^") + 1] == "shop_gone"


def test_json_holds_every_part_of_a_finding(check: Check) -> None:
    """Lines and columns count from 1."""
    told = json.loads(FORMATS["json"](check({"r.yml": rule_file("shop_gone")})))
    assert told["summary"] == {"errors": 1, "warnings": 0, "waived": 0, "files": 1, "expressions": 1}
    (finding,) = told["findings"]
    assert finding["message"] == "No metric `shop_gone` exists."
    assert finding["quote"][finding["column"] - 1 :].startswith("shop_gone")
    assert (finding["rule"], finding["severity"], finding["file"]) == ("metric/unknown", "error", "r.yml")
    assert (finding["line"], finding["width"], finding["subject"]) == (5, 9, "recorded:0")


def test_github_annotates_the_line(check: Check) -> None:
    """Signs that mean something to it are escaped."""
    report = check({"a, b.yml": rule_file("shop_gone"), "w.yml": alert_file("shop_requests_total > 1")})
    error, warning, summary = FORMATS["github"](report).splitlines()
    assert error.startswith(
        "::error file=a%2C b.yml,line=5,col=16,endColumn=25,title=metric/unknown::No metric `shop_gone`"
    )
    assert warning.startswith("::warning file=w.yml,line=5,")
    assert summary == "1 error, 1 warning in 2 expressions of 2 files."


def test_warnings_alone_do_not_fail_a_run(check: Check) -> None:
    """Errors do."""
    assert check({"w.yml": alert_file("shop_requests_total > 1")}).exit_code == 0
    assert check({"r.yml": rule_file("shop_gone")}).exit_code == 1
    assert FORMATS["text"](check({"r.yml": rule_file("up")})) == "Nothing to complain of in 1 expression of 1 file."
