"""Full-text search over the records: SQLite's FTS5, ranked by bm25.

The only queries of the catalogue that belong to one dialect. A query's words are quoted one by one, so that whatever a
user types is a word and never FTS5 syntax.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from .records import Record
from .terms import SPELLINGS
from .words import content_words

# bm25 weighs the columns key, name, craft, materials, place, description; smaller is better.
_RANK = text(
    "SELECT key, bm25(records_fts, 0, 8, 3, 5, 3, 1) AS rank FROM records_fts "
    "WHERE records_fts MATCH :match ORDER BY rank, key"
)
_CLEAR = text("DELETE FROM records_fts")
_INSERT = text(
    "INSERT INTO records_fts (key, name, craft, materials, place, description) "
    "VALUES (:key, :name, :craft, :materials, :place, :description)"
)
_MOST_WORDS = 24  # of a query; each is one look-up in the index
_SPELLINGS = {word: tuple(group.split()) for group in SPELLINGS for word in group.split()}


@dataclass(frozen=True, slots=True)
class Match:
    """How well a record matches a query: more is better in both."""

    relevance: float  # by bm25; comparable within one query
    coverage: float  # the share of the query's words that the record has, rare words counting more; 0 to 1


async def replace_index(connection: AsyncConnection, records: Iterable[Record]) -> None:
    """Make the index hold exactly `records`, in the caller's transaction."""
    rows = [
        {
            "key": record.key,
            "name": record.name,
            "craft": record.craft,
            "materials": ", ".join(record.materials),
            "place": ", ".join(part for part in (record.place, record.district, record.state) if part),
            "description": record.description,
        }
        for record in records
    ]
    await connection.execute(_CLEAR)
    if rows:
        await connection.execute(_INSERT, rows)


async def search(connection: AsyncConnection, query: str, total: int) -> dict[str, Match]:
    """The records that contain a word of `query`, by their keys, best first; `total` is how many records there are."""
    words = [word.folded for word in content_words(query)][:_MOST_WORDS]
    if not words:
        return {}
    pairs = (f"{first} {second}" for first, second in pairwise(words))
    expressions = [_any_of(_SPELLINGS.get(word, (word,))) for word in words]
    ranked = await connection.execute(_RANK, {"match": f"{' OR '.join(expressions)} OR {_any_of((*words, *pairs))}"})
    relevance = {row.key: -row.rank for row in ranked}
    coverage = _coverage(await _holders(connection, expressions), total)
    return {key: Match(relevance[key], coverage[key]) for key in relevance}


def _any_of(terms: Sequence[str]) -> str:
    """FTS5's expression for any of `terms`, each a word or a phrase."""
    return " OR ".join(f'"{term}"' for term in dict.fromkeys(terms))


async def _holders(connection: AsyncConnection, expressions: Sequence[str]) -> list[set[str]]:
    """For each expression the keys of the records that match it."""
    holders: list[set[str]] = [set() for _ in expressions]
    found = await connection.execute(_holders_of(len(expressions)), {f"m{i}": e for i, e in enumerate(expressions)})
    for number, key in found:
        holders[number].add(key)
    return holders


def _holders_of(count: int) -> TextClause:
    one = "SELECT {i} AS number, key FROM records_fts WHERE records_fts MATCH :m{i}"
    return text(" UNION ALL ".join(one.format(i=i) for i in range(count)))


def _coverage(holders: Sequence[set[str]], total: int) -> Mapping[str, float]:
    """For each key the share of the words that it holds, weighed by their inverse document frequency."""
    weights = [math.log(1 + total / max(len(keys), 1)) for keys in holders]
    held: dict[str, float] = {}
    for weight, keys in zip(weights, holders, strict=True):
        for key in keys:
            held[key] = held.get(key, 0.0) + weight / sum(weights)
    return held
