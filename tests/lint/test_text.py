"""Every character of a value is found again in its file, so that the caret stands where the mistake is."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from artisan.lint.documents import parse_json, parse_yaml
from artisan.lint.text import Source, Text

STYLES = {
    "plain": "expr: up == bar",
    "single quotes": "expr: 'up == bar'",
    "double quotes": 'expr: "up == bar"',
    "escapes": 'expr: "up{a=\\"b\\"} == bar"',
    "block": "expr: |\n  up\n    == # why\n  bar",
    "folded": "expr: >-\n  up\n  ==\n  bar",
    "after other letters": "é: ü\nexpr: up{a='ü'} == bar",
}


@pytest.mark.parametrize("content", STYLES.values(), ids=STYLES.keys())
def test_a_word_of_a_yaml_scalar_is_found_in_its_file(content: str) -> None:
    """Whatever quotes, escapes, folds and indentation stand between."""
    source = Source("f", content)
    text: Text = parse_yaml(source)["expr"]
    for word in ("up", "==", "bar"):
        position = text.position(text.index(word))
        assert source.lines[position.line - 1][position.column - 1 :].startswith(word)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_a_json_string_keeps_its_value_and_knows_each_place(value: str) -> None:
    """Escapes never throw off what follows."""
    source = Source("f", json.dumps({"expr": f"{value}end"}))
    text: Text = parse_json(source)["expr"]
    assert text == f"{value}end"
    start = text.position(len(value)).column - 1
    assert source.content[start:] == 'end"}'


@given(st.text(st.sampled_from("ab \"'\\\n#:{}[]é"), max_size=30))
def test_a_yaml_string_keeps_its_value_and_its_places_are_in_order(value: str) -> None:
    """Places never go back, and never leave the scalar."""
    source = Source("f", yaml.safe_dump({"expr": f"x{value}y"}, allow_unicode=True))
    text: Text = parse_yaml(source)["expr"]
    assert text == f"x{value}y"
    places = [text.position(offset) for offset in range(len(text))]
    assert places == sorted(places)


def test_joined_texts_keep_their_own_places() -> None:
    """An expression may be put together from several values of a file."""
    source = Source("f", "metric: shop\nselector: a")
    document = parse_yaml(source)
    joined = Text.joined(document["metric"], "{", document["selector"], "}")
    assert joined == "shop{a}"
    assert [joined.position(0), joined.position(5)] == [(1, 9), (2, 11)]
    assert joined.part(5, 6).position() == (2, 11)


def test_base_mappings_are_merged_as_yaml_says() -> None:
    """Compose files live by `<<`; what stands beside it wins."""
    document = parse_yaml(Source("f", "x: &x {a: 1, b: 1}\ny: {<<: *x, b: 2}"))
    assert document["y"] == {"a": "1", "b": "2"}
