"""Declarations that look right and would give rules that Prometheus refuses, or that count the wrong thing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from artisan.slo import read, render

from .test_reading import GOOD, refusal

ERRORS = 'good: increase(orders_total{code="ok"}[{window}])'
SELECTOR = """selector: shop="1\""""
OBJECTIVE = "objective: 99.95"
REFUSED = {
    "a comma too many": (SELECTOR, """selector: shop="1",""", "slos[1].latency.selector"),
    "brackets of its own": (SELECTOR, """selector: shop="1"} or vector(1) or up{a="b\"""", "slos[1].latency.selector"),
    "a comment in a selector": (SELECTOR, """selector: 'shop="1"} # '""", "slos[1].latency.selector"),
    "an or between matchers": (SELECTOR, """selector: shop="1" or shop="2\"""", "slos[1].latency.selector"),
    "a selector that is a mapping": (SELECTOR, "selector: {shop: north}", "slos[1].latency.selector"),
    "a runbook with half a template": ("runbook: docs/alerts.md", "runbook: '{{ x'", "runbook"),
    "a dashboard with a template": ("http://localhost/d/slo", "http://localhost/{{ .Oops }}", "dashboard"),
    "brackets that close the rule's": (ERRORS, "good: increase(a[{window}])) or (sum(b)", "slos[0].events.good"),
    "a range of its own": (ERRORS, "good: increase(a[{window}]) or increase(b[1h])", "slos[0].events.good"),
    "a subquery of its own": (
        ERRORS,
        "good: increase(a[{window}]) or max_over_time(b[1h:5m])",
        "slos[0].events.good",
    ),
    "a window in a comment": (ERRORS, "good: 'increase(a[1h]) # [{window}]'", "slos[0].events.good"),
    "forty nines": (OBJECTIVE, f"objective: 99.{'9' * 40}", "slos[0].objective"),
    "a number too long to write": ("min_bad_events: 7", "min_bad_events: 1e999999999", "slos[0].min_bad_events"),
    "a query too long to read": (
        ERRORS,
        f"good: {'(' * 30000}increase(a[{{window}}]){')' * 30000}",
        "slos[0].events.good",
    ),
}


@pytest.mark.parametrize(("place", "mistake", "key"), REFUSED.values(), ids=REFUSED.keys())
def test_what_would_break_the_rules_is_refused_by_file_line_and_key(place: str, mistake: str, key: str) -> None:
    """Before anything is written."""
    assert place in GOOD
    assert f": {key} is " in (told := refusal(GOOD.replace(place, mistake, 1)))
    assert told.startswith("slo.yml:")
    assert "\n" not in told


def test_a_file_nested_too_deeply_is_one_sentence() -> None:
    """Reading it would overflow the stack."""
    nested = f"runbook: a\ndashboard: b\nslos: {'[' * 3000}{']' * 3000}\n"
    assert refusal(nested) == "slo.yml:3: the file is nested 51 levels deep; 50 are allowed"


@pytest.mark.parametrize(
    ("place", "allowed"),
    [
        (ERRORS, "good: 'increase(orders_total[{window}]) # those that were taken'"),
        (ERRORS, "good: max_over_time(increase(orders_total[{window}])[{window}:1m])"),
        ("/d/slo", "/d/slo?var-slo={{ $labels.slo }}"),
    ],
)
def test_what_prometheus_takes_is_allowed(place: str, allowed: str, tmp_path: Path, promtool: Path) -> None:
    """A comment behind a query, subqueries of the window, and the objective's name in an address."""
    for path, text in render(read(GOOD.replace(place, allowed, 1), "slo.yml"), "slo.yml").items():
        file = tmp_path / Path(path).name
        file.write_text(text)
        told = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stdout + told.stderr
