"""Expressions are read as promql-parser reads them, and every part knows its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from artisan.lint.promql import Aggregate, Binary, Call, Invalid, Number, Selector, parse, walk
from artisan.lint.promql.syntax import explain

from .conftest import Locate


def named(expression: str, *, variables: bool = False) -> list[str]:
    """The characters of each node's span, in order."""
    return [expression[node.start : node.end] for node in walk(parse(expression, variables=variables))]


@pytest.mark.parametrize(
    ("expression", "spans"),
    [
        ("sum by (a) (rate(x[5m])) > 3", [">", "sum", "rate", "x", "3"]),
        ("sum(x) by (a) / on (a) group_left (b) -y", ["/", "sum", "x", "-", "y"]),
        ('x{a="b"} offset 5m + y @ end()', ["+", "x", "y"]),
        ("max_over_time(rate(x[5m])[1h:1m] offset 1d)", ["max_over_time", "rate(x[5m])[1h:1m]", "rate", "x"]),
        ("(x or # why\n y) == bool Inf", ["==", "or", "x", "y", "Inf"]),
        ("SUM(x) BY (a) AND topk(3, y)", ["AND", "SUM", "x", "topk", "3", "y"]),
        ("-1 + +x", ["+", "1", "x"]),
        (r"x{a=~`\d+`}", ["x"]),
        ('{"a.metric", b="c"}', ['{"a.metric", b="c"}']),
    ],
)
def test_each_node_has_the_place_of_its_name(expression: str, spans: list[str]) -> None:
    """In the order of the text."""
    assert named(expression) == spans


def test_nodes_keep_what_the_checks_ask_for() -> None:
    """Windows, matchers, groupings, matchings and the side that keeps its labels."""
    tree = parse('sum without (a) (rate(x{b!="c"}[1m30s])) * on (d) group_right (e) y')
    assert isinstance(tree, Binary)
    assert isinstance(tree.left, Aggregate)
    assert (tree.many, [label.name for label in tree.include]) == ("right", ["e"])
    assert tree.left.grouping is not None
    assert tree.left.grouping.without
    call = tree.left.operand
    assert isinstance(call, Call)
    selector = call.arguments[0]
    assert isinstance(selector, Selector)
    assert selector.window is not None
    assert selector.window.seconds == 90
    assert [(m.label, m.op, m.value) for m in selector.matchers] == [("b", "!=", "c")]


def test_variables_of_a_dashboard_stand_for_windows_numbers_labels_and_names() -> None:
    """What they stand for is not known, and nobody guesses."""
    expression = 'topk($n, sum by (${by}) (rate($metric{job=~"$job"}[$__rate_interval]))) > $limit'
    tree = parse(expression, variables=True)
    numbers = [node for node in walk(tree) if isinstance(node, Number)]
    assert all(number.open for number in numbers)
    selector = next(node for node in walk(tree) if isinstance(node, Selector))
    assert selector.name == ""
    assert selector.window is not None
    assert selector.window.seconds is None
    assert selector.matchers[0].open


@pytest.mark.parametrize("expression", ["(" * 2000 + "x" + ")" * 2000, " + ".join(["x"] * 1400), "-" * 2500 + "x"])
def test_deep_nesting_is_refused_in_words(expression: str) -> None:
    """Neither the parser below nor the checks above may run out of stack."""
    with pytest.raises(Invalid, match=r"more than 3000 words|nested more than 150 levels"):
        parse(expression)


MISTAKES = {
    "sum(rate(x[5m])": "(",
    "x{a='b'": "{",
    "x)": ")",
    "x >": ">",
    "x > > 3": ">",
    "x y": "y",
    "frobnicate(x)": "frobnicate",
    "x{a=b}": "b",
    "x § 3": "§",
}


@pytest.mark.parametrize("expression", MISTAKES)
def test_a_mistake_is_found_at_its_place_without_promtool(expression: str) -> None:
    """By a look at brackets and neighbours, or by the word that the parser names."""
    with pytest.raises(Invalid) as caught:
        parse(expression)
    told = explain(expression, caught.value, None)
    assert told is not None
    assert expression[told.start : told.end] == MISTAKES[expression]


def test_promtool_has_the_better_words(locate: Locate) -> None:
    """And names the place."""
    with pytest.raises(Invalid) as caught:
        parse("rate(shop_total)")
    told = explain("rate(shop_total)", caught.value, locate("promtool"))
    assert told is not None
    assert "expected type range vector" in str(told)
    assert "rate(shop_total)"[told.start : told.end] == "shop_total"


def test_a_promtool_that_cannot_be_run_is_done_without(tmp_path: Path) -> None:
    """The finding matters more than its words."""
    with pytest.raises(Invalid) as caught:
        parse("frobnicate(x)")
    told = explain("frobnicate(x)", caught.value, tmp_path / "promtool")
    assert told is not None
    assert "frobnicate" in str(told)
