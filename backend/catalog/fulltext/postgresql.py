"""Full text in PostgreSQL: a weighted tsvector for each record, under a GIN index.

`ts_rank` knows nothing of how rare a word is, so each term is ranked alone and weighed by its inverse document
frequency, as bm25 does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.catalog.words import plain

from .found import Found

_CLEAR = text("DELETE FROM records_fts")
# The configuration `artisan` folds English endings and drops no word. PostgreSQL's parser knows addresses, paths and
# compounds; it is given nothing but folded words.
_INSERT = text(
    "INSERT INTO records_fts (key, document) VALUES (:key,"
    " setweight(to_tsvector('artisan', :name), 'A') ||"
    " setweight(to_tsvector('artisan', :materials), 'B') ||"
    " setweight(to_tsvector('artisan', :craft || ', ' || :place), 'C') ||"
    " setweight(to_tsvector('artisan', :description), 'D'))"
)
_WEIGHTS = "{0.125, 0.375, 0.625, 1.0}"  # of D, C, B and A: the proportions of SQLite's bm25
_BY_LENGTH = 1  # divides a rank by 1 + the logarithm of the document's length


async def replace(connection: AsyncConnection, rows: Sequence[Mapping[str, str]]) -> None:
    """Make the index hold exactly `rows`; the records must be there."""
    await connection.execute(_CLEAR)
    if rows:
        folded = [{name: value if name == "key" else plain(value) for name, value in row.items()} for row in rows]
        await connection.execute(_INSERT, folded)


async def find(
    connection: AsyncConnection,
    words: Sequence[str],
    spellings: Sequence[Sequence[str]],
    phrases: Sequence[str],
    total: int,
) -> Found:
    """What contains a word or a phrase, and how much that says."""
    terms = [*({*one, word} for word, one in zip(words, spellings, strict=True)), *([phrase] for phrase in phrases)]
    statement = _ranks_of(tuple(map(len, terms)))
    given = {f"t{i}_{j}": term for i, one in enumerate(terms) for j, term in enumerate(one)}
    ranks: list[dict[str, float]] = [{} for _ in terms]
    for number, key, rank in await connection.execute(statement, given):
        ranks[number][key] = rank
    relevance: dict[str, float] = {}
    for of_term in ranks:
        rarity = math.log(1 + total / max(len(of_term), 1))
        for key, rank in of_term.items():
            relevance[key] = relevance.get(key, 0.0) + rarity * rank
    return Found(relevance, [set(of_term) for of_term in ranks[: len(words)]])


@lru_cache(maxsize=256)
def _ranks_of(spellings: tuple[int, ...]) -> TextClause:
    """One statement for so many terms, each of so many spellings."""
    one = (
        "SELECT {number} AS number, key, ts_rank('{weights}', document, query, {by_length}) AS rank "
        "FROM records_fts, ({select}) AS asked (query) WHERE document @@ query"
    )
    # phraseto_tsquery reads words and no syntax.
    term = "phraseto_tsquery('artisan', :t{number}_{spelling})"
    parts = []
    for number, count in enumerate(spellings):
        query = " || ".join(term.format(number=number, spelling=spelling) for spelling in range(count))
        parts.append(one.format(number=number, weights=_WEIGHTS, by_length=_BY_LENGTH, select=f"SELECT {query}"))
    return text(" UNION ALL ".join(parts))
