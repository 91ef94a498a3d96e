"""Whatever is typed is a question, never a command and never an error."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from backend.catalog import SearchResult
from backend.catalog.fulltext import search as fulltext_search

from .conftest import Library

SYNTAX = ['"', "'", "*", "^", ":", "(", ")", "-", "+", ";", "--", "NEAR", "AND", "OR", "NOT", "name:", "{a b}:", "\\"]
HOSTILE = [
    "",
    " \t\n",
    "\x00silk\x00",
    "silk" * 2500,
    "silk " * 2000,
    '"silk',
    "silk*",
    "^silk",
    "name:silk",
    "records_fts:silk",
    "silk NEAR/2 yarn",
    "NEAR(silk yarn, 3)",
    "AND OR NOT",
    "-silk",
    "'; DROP TABLE records; --",
    "' OR 1=1 --",
    "\ud800silk\udfff",
    "😀🧵",
    "حرير من الهند",
    "\u202ekilis\u202c",
    "सूत कहाँ मिलेगा",
    "ß" * 300,
    "ﷺ" * 600,
    "\N{COMBINING ACUTE ACCENT}" * 500,
    "%s%n{}[]$(`",
]
any_text = st.one_of(
    st.text(max_size=200),
    st.text(st.characters(categories=["Cs", "L", "M", "P", "C"]), max_size=60),  # lone surrogates among them
    st.lists(st.sampled_from([*SYNTAX, "silk", "yarn", "in", "UP", "may", "fair"]), max_size=12).map(" ".join),
    st.lists(st.sampled_from([*SYNTAX, "silk", "yarn"]), max_size=12).map("".join),
)


def check(result: SearchResult) -> None:
    """The laws of a result."""
    assert all(0 < hit.score <= 1 for hit in result.hits)
    assert len(result.hits) <= 10
    assert result.answer


@pytest.mark.parametrize("query", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_queries_are_answered(library: Library, query: str) -> None:
    """Syntax, injections, odd characters and sheer length give a result like any other query."""
    check(library.run(library.catalogue.search(query)))


@given(query=any_text)
@example(query="\ud800")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_answered(library: Library, query: str) -> None:
    """No text raises, in a query or as a filter, and the catalogue is whole afterwards."""
    check(library.run(library.catalogue.search(query)))
    check(library.run(library.catalogue.search("silk", kind=query)))
    check(library.run(library.catalogue.search("silk", state=query)))
    library.run(library.catalogue.lookup(query))
    library.run(library.catalogue.fairs(query, state=query))
    assert library.run(library.catalogue.lookup("surajkund-mela")) is not None


@pytest.mark.parametrize("syntax", SYNTAX)
def test_full_text_syntax_is_only_words(library: Library, syntax: str) -> None:
    """A word found alone is found with any syntax around it: it was quoted."""

    async def keys(query: str) -> set[str]:
        async with library.database.connect() as connection:
            return set(await fulltext_search(connection, query, 303))

    assert library.run(keys("bidriware")) <= library.run(keys(f"{syntax} bidriware {syntax}"))
