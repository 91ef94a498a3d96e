"""Time in rules, divided by one factor: what changes, by how much, and what must not."""

from __future__ import annotations

import subprocess
from pathlib import Path

import promql_parser as promql
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from artisan.drill.stack import compress
from artisan.stack.tools import Tools

MONITORING = Path(__file__).resolve().parents[2] / "monitoring"
UNITS = ("ms", "s", "m", "h", "d", "w", "y")
DURATIONS = st.builds(lambda count, unit: f"{count}{unit}", st.integers(1, 5000), st.sampled_from(UNITS))
FACTORS = st.floats(1, 1000)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters='"\\\n'), max_size=20)


@given(DURATIONS, FACTORS)
def test_a_duration_is_divided_to_the_millisecond_and_never_to_nothing(duration: str, factor: float) -> None:
    """The law of compression; Prometheus knows nothing finer than a millisecond, and a range of 0 is an error."""
    shorter = compress.milliseconds(compress.compressed(duration, factor))
    assert shorter == max(1, round(compress.milliseconds(duration) / factor))


@given(DURATIONS)
def test_a_factor_of_one_changes_no_length(duration: str) -> None:
    """However a duration is written."""
    assert compress.milliseconds(compress.compressed(duration, 1)) == compress.milliseconds(duration)


@given(DURATIONS, DURATIONS, FACTORS, TEXTS)
def test_every_range_subquery_and_offset_is_compressed(one: str, two: str, factor: float, text: str) -> None:
    """Wherever it stands, while the same words in a string, a comment or a name stay."""
    template = 'max_over_time(ratio_rate5m{{a="{text}[5m] offset 1h"}}[{one}:{two}] offset -{two}) > 300 # [5m]'
    shorter = {"one": compress.compressed(one, factor), "two": compress.compressed(two, factor)}
    query = template.format(text=text, one=one, two=two)
    assert compress.compressed_query(query, factor) == template.format(text=text, **shorter)


@pytest.mark.parametrize(
    "query",
    [
        "x{a=\"[5m]\", b='offset 5m', c=`[1h]`} > 5",
        'label_replace(x, "to", "$1[5m]", "from", "(.*) offset 5m")',
        "sum by (offset) (ratio_rate5m) * 3600 > 60",
        'x{a="\\"[5m]"} @ 1700000000',
    ],
)
def test_what_only_looks_like_a_duration_stays(query: str) -> None:
    """Strings of all three kinds, names, labels, numbers and points in time."""
    assert compress.compressed_query(query, 20) == query


def test_rules_keep_everything_but_their_durations() -> None:
    """Names, labels and annotations, thresholds too, are what they were."""
    rule = {
        "alert": "Slow5m",
        "expr": 'rate(x_total{a="5m"}[5m]) * 60 > 10',
        "for": "5m",
        "keep_firing_for": "90s",
        "labels": {"window": "5m"},
        "annotations": {"summary": "In [5m], for 5m"},
    }
    group = {"name": "g5m", "interval": "30s", "limit": 5, "rules": [rule, {"record": "a:rate1h", "expr": "b"}]}
    shorter = compress.compressed_rules({"groups": [group]}, 20)["groups"][0]
    changed = {"expr": 'rate(x_total{a="5m"}[15s]) * 60 > 10', "for": "15s", "keep_firing_for": "4s500ms"}
    assert shorter == {**group, "interval": "1s500ms", "rules": [rule | changed, {"record": "a:rate1h", "expr": "b"}]}


def test_a_rule_that_waits_for_nothing_still_does() -> None:
    """`for: 0s` is no duration to be kept above 0."""
    assert compress.compressed("0s", 20) == "0s"


def test_prometheus_is_quickened_also_where_it_says_nothing() -> None:
    """Intervals that a configuration leaves to Prometheus are a minute, and so have to be named."""
    config = {"scrape_configs": [{"job_name": "a", "scrape_interval": "10s", "metrics_path": "/5m"}]}
    shorter = compress.compressed_prometheus(config, 20)
    assert shorter["global"] == {"scrape_interval": "3s", "evaluation_interval": "3s"}
    assert shorter["scrape_configs"] == [{"job_name": "a", "scrape_interval": "500ms", "metrics_path": "/5m"}]


@pytest.mark.parametrize("text", ["5", "5 m", "", "-5m", "5min", "1.5h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Rather than read as something else."""
    with pytest.raises(ValueError, match="not a duration"):
        compress.milliseconds(text)


def _ranges(query: str) -> list[float]:
    found: list[float] = []

    def visit(node: promql.Expr) -> None:
        if isinstance(node, promql.MatrixSelector | promql.SubqueryExpr):
            found.append(node.range.total_seconds())

    promql.walk(promql.parse(query), pre_visit=visit)
    return found


def test_the_shipped_expressions_mean_the_same_in_less_time() -> None:
    """As a parser of PromQL reads them: every range divided, and without its ranges the same expression."""
    files = [*MONITORING.glob("alerts/*.yml"), *MONITORING.glob("rules/*.yml")]
    rules = [rule for file in files for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
    assert rules
    for rule in rules:
        shorter = compress.compressed_query(rule["expr"], 20)
        assert _ranges(shorter) == pytest.approx([each / 20 for each in _ranges(rule["expr"])])
        back = compress.compressed_query(shorter, 1 / 20)
        assert promql.parse(back).prettify() == promql.parse(rule["expr"]).prettify()


def test_prometheus_loads_the_compressed_rules(tools: Tools, tmp_path: Path) -> None:
    """At a factor that leaves odd milliseconds."""
    for file in [*MONITORING.glob("alerts/*.yml"), *MONITORING.glob("rules/*.yml")]:
        copy = tmp_path / file.name
        copy.write_text(yaml.safe_dump(compress.compressed_rules(yaml.safe_load(file.read_text()), 17)))
        command = [str(tools.programs["promtool"]), "check", "rules", str(copy)]
        asked = subprocess.run(command, capture_output=True, text=True, check=False)
        assert asked.returncode == 0, asked.stderr
