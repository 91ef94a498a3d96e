"""Words are compared without case, accents, plural endings and slips of the finger."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.catalog.spelling import Spelling
from backend.catalog.words import MAX_WORDS, fold, phrase, singular, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Papier-Mâché", ("papier", "mache")),
        ("Weavers' Service Centres", ("weaver", "service", "centre")),
        ("the weaver's looms", ("the", "weaver", "loom")),
        ("tie & dye", ("tie", "dye")),
        ("snake_case", ("snake", "case")),
        ("brass, glass and bus", ("brass", "glass", "and", "bus")),
        ("ladies' brushes", ("lady", "brush")),
        ("ＦＵＬＬ width", ("full", "width")),
    ],
)
def test_text_becomes_singular_folded_words(text: str, words: tuple[str, ...]) -> None:
    """What joins words parts them, and what decorates them goes."""
    assert phrase(text) == words


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    """A folded text has nothing left to fold."""
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="abcdefghies", min_size=1))
def test_a_singular_word_stays(word: str) -> None:
    """Both sides of a comparison may be made singular, in any order: nothing is ever lengthened."""
    assert len(singular(word)) <= len(word)


@given(st.text(max_size=3000))
def test_a_query_has_a_bounded_number_of_words(text: str) -> None:
    """However long a query is, the work on it is bounded."""
    assert len(words_of(text)) <= MAX_WORDS


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("cottan", "cotton"),
        ("karnatka", "karnataka"),
        ("karnattaka", "karnataka"),
        ("rajasthna", "rajasthan"),
        ("cotton", "cotton"),
        ("button", "button"),  # begins otherwise
        ("goad", "goad"),  # too short to tell
        ("quantum", "quantum"),
        ("kauri", "kauri"),  # two letters from karur, though each is one letter longer than "kaur"
    ],
)
def test_one_wrong_letter_is_mended(written: str, meant: str) -> None:
    """A letter too many, too few, wrong or out of place leads to the name; what is farther off stays."""
    spelling = Spelling(["cotton", "karnataka", "rajasthan", "goa", "karur"], known=["cotton"])
    assert spelling.mend(words_of(written)[0]).folded == meant
