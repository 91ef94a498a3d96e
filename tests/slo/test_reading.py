"""What `slo.yml` may say, and the one sentence for everything that it may not."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from artisan.slo import DeclarationError, Slo, read, render
from artisan.slo.this_service import FILE, edges

GOOD = """\
runbook: docs/alerts.md
dashboard: http://localhost/d/slo
slos:
  - name: shop-answers
    description: orders are taken.
    objective: 99.95
    min_bad_events: 7
    events:
      good: increase(orders_total{code="ok"}[{window}])
      total: increase(orders_total[{window}])
  - name: shop-quick
    description: orders are taken within a second and a half.
    objective: 99
    latency:
      metric: order_seconds
      selector: shop="1"
      threshold: 1.5
"""
EDGES = {"order_seconds": (0.5, 1.5, 3.0), "orders_total": ()}


def refusal(text: str) -> str:
    with pytest.raises(DeclarationError) as refused:
        read(text, "slo.yml", EDGES)
    return str(refused.value)


def slos(text: str = GOOD) -> dict[str, Slo]:
    return {slo.name: slo for slo in read(text, "slo.yml", EDGES).slos}


def test_what_is_declared_is_read_exactly() -> None:
    """99.95 leaves 0.0005, not 0.00049999."""
    first = slos()["shop-answers"]
    assert (first.objective, first.budget, first.min_bad_events) == (Decimal("99.95"), Decimal("0.0005"), 7)
    assert slos()["shop-quick"].min_bad_events == 5


def test_an_objective_counts_what_its_queries_count() -> None:
    """`{window}` is every window in turn; the shorthand for histograms looks at the bucket of its threshold."""
    text = render(read(GOOD, "slo.yml"), "slo.yml")["rules/artisan-slo.yml"]
    for window in ("5m", "30m", "1h", "6h"):
        assert f'sum(increase(orders_total{{code="ok"}}[{window}]))' in text
        assert f'sum(increase(order_seconds_bucket{{shop="1", le="1.5"}}[{window}]))' in text
        assert f'sum(increase(order_seconds_count{{shop="1"}}[{window}]))' in text
    assert "{window}" not in text


MISTAKES = yaml.safe_load((Path(__file__).parent / "mistakes.yml").read_text())


@pytest.mark.parametrize("case", MISTAKES, ids=lambda case: case["sentence"][:60])
def test_a_mistake_is_told_with_file_line_key_value_and_what_is_allowed(case: dict[str, str]) -> None:
    """In one sentence."""
    text = case["text"] if "text" in case else GOOD.replace(case["place"], case["mistake"], 1)
    assert text != GOOD
    assert refusal(text) == case["sentence"]


@pytest.mark.parametrize(
    ("place", "mistake", "where"),
    [("total: increase(orders_total", "total: increase(orders_total{", "slos[0].events.total"),
     ('selector: shop="1"', 'selector: shop=1', "slos[1].latency.selector")],
)  # fmt: skip
def test_promql_that_does_not_parse_is_told_with_the_parsers_words(place: str, mistake: str, where: str) -> None:
    """The sentence has the parser's reason in it."""
    assert f"{where} is" in (told := refusal(GOOD.replace(place, mistake, 1)))
    assert "valid PromQL (" in told
    assert "\n" not in told


def test_thresholds_of_metrics_that_nobody_described_are_taken_as_they_are() -> None:
    """The metrics of another project are its own."""
    assert read(GOOD.replace("threshold: 1.5", "threshold: 1.7"), "slo.yml").slos[1].name == "shop-quick"


@given(st.decimals("83.34", "99.999", places=3))
def test_every_alert_can_ring(objective: Decimal) -> None:
    """Whatever the objective, each threshold is a share of failures below 1, and both alerts are there."""
    made = render(read(GOOD.replace("99.95", str(objective)), "slo.yml"), "slo.yml")["alerts/artisan-slo-alerts.yml"]
    rules = [rule for rule in yaml.safe_load(made)["groups"][0]["rules"] if rule["labels"]["slo"] == "shop-answers"]
    assert [rule["alert"] for rule in rules] == ["ErrorBudgetBurnFast", "ErrorBudgetBurnSlow"]
    for rule in rules:
        asked = [words.split() for words in rule["expr"].splitlines() if " / " in words]
        assert asked
        for *_, budget, _greater, rate in asked:
            assert Decimal(budget) == 1 - objective / 100
            assert Decimal(budget) * Decimal(rate) < 1


WILD = ["", "null", "true", "1e400", ".nan", "0x1F", "-", "[", "{a: 1}", "*a", "!!x 1"]
SCALARS = st.one_of(st.text(max_size=30), st.sampled_from(WILD))
VALUES = [line.split(": ", 1)[1] for line in GOOD.splitlines() if ": " in line]


@settings(max_examples=300)
@given(st.sampled_from(VALUES), SCALARS)
def test_no_value_however_wild_ends_in_anything_but_a_declaration_or_a_sentence(value: str, wild: str) -> None:
    """And the sentence begins with file and line."""
    _sentence_or_declaration(GOOD.replace(f": {value}", f": {wild}", 1))


@given(st.text(max_size=60))
def test_no_text_however_wild_ends_in_anything_but_a_sentence(text: str) -> None:
    """Not even one that is no YAML."""
    _sentence_or_declaration(text)


def _sentence_or_declaration(text: str) -> None:
    try:
        made = render(read(text, "slo.yml", EDGES), "slo.yml")
    except DeclarationError as error:
        sentence = str(error)
    else:
        assert all(yaml.safe_load(each)["groups"] for each in made.values())
        return
    assert re.fullmatch(r"slo\.yml:\d+: .+", sentence)


def test_a_description_cannot_break_the_template_of_the_alert() -> None:
    """Braces are shown as they are."""
    text = GOOD.replace("orders are taken.", "'{{ orders }} are taken.'", 1)
    made = render(read(text, "slo.yml"), "slo.yml")["alerts/artisan-slo-alerts.yml"]
    description = yaml.safe_load(made)["groups"][0]["rules"][0]["annotations"]["description"]
    assert '{{ "{{" }} orders }} are taken.' in description


def test_the_thresholds_of_this_service_are_edges_of_its_histograms() -> None:
    """Another one would be refused: the catalogue is asked."""
    text = FILE.read_text()
    assert "threshold: 2.5" in text
    with pytest.raises(DeclarationError, match=r"a finite edge of http_request_duration_seconds: 0\.005, 0\.01"):
        read(text.replace("threshold: 2.5", "threshold: 2"), "slo.yml", edges())
