"""Full text in SQLite: FTS5, ranked by bm25."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from .found import Found

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


async def replace(connection: AsyncConnection, rows: Sequence[Mapping[str, str]]) -> None:
    """Make the index hold exactly `rows`."""
    await connection.execute(_CLEAR)
    if rows:
        await connection.execute(_INSERT, rows)


async def find(
    connection: AsyncConnection,
    words: Sequence[str],
    spellings: Sequence[Sequence[str]],
    phrases: Sequence[str],
    _total: int,
) -> Found:
    """What contains a word or a phrase; bm25 is of all of them together."""
    expressions = [_any_of(terms) for terms in spellings]
    match = f"{' OR '.join(expressions)} OR {_any_of((*words, *phrases))}"
    ranked = await connection.execute(_RANK, {"match": match})
    relevance = {row.key: -row.rank for row in ranked}
    holders: list[set[str]] = [set() for _ in expressions]
    found = await connection.execute(_holders_of(len(expressions)), {f"m{i}": e for i, e in enumerate(expressions)})
    for number, key in found:
        holders[number].add(key)
    return Found(relevance, holders)


def _any_of(terms: Sequence[str]) -> str:
    """FTS5's expression for any of `terms`, each a word or a phrase."""
    return " OR ".join(f'"{term}"' for term in dict.fromkeys(terms))


def _holders_of(count: int) -> TextClause:
    one = "SELECT {i} AS number, key FROM records_fts WHERE records_fts MATCH :m{i}"
    return text(" UNION ALL ".join(one.format(i=i) for i in range(count)))
