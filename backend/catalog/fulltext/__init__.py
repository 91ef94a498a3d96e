"""Full-text search over the records, by whatever the database has for it.

A query becomes words here, and how well a record covers them is weighed here; what a word matches, and how well, is
the database's affair: `sqlite` and `postgresql` each say how. Words are quoted, so that whatever a user types is a word
and never syntax.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy.ext.asyncio import AsyncConnection

from backend.catalog.records import Record
from backend.catalog.terms import SPELLINGS
from backend.catalog.words import content_words

from . import postgresql, sqlite

_DIALECTS = {"sqlite": sqlite, "postgresql": postgresql}
_MOST_WORDS = 24  # of a query; each is one look-up in the index
_SPELLINGS = {word: tuple(group.split()) for group in SPELLINGS for word in group.split()}


@dataclass(frozen=True, slots=True)
class Match:
    """How well a record matches a query: more is better in both."""

    relevance: float  # by the database; comparable within one query
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
    await _DIALECTS[connection.dialect.name].replace(connection, rows)


async def search(connection: AsyncConnection, query: str, total: int) -> dict[str, Match]:
    """The records that contain a word of `query`, by their keys; `total` is how many records there are."""
    words = [word.folded for word in content_words(query)][:_MOST_WORDS]
    if not words:
        return {}
    # What stands for each word: its spellings, each a word or a phrase.
    spellings = [_SPELLINGS.get(word, (word,)) for word in words]
    phrases = [f"{first} {second}" for first, second in pairwise(words)]
    found = await _DIALECTS[connection.dialect.name].find(connection, words, spellings, phrases, total)
    coverage = _coverage(found.holders, total)
    return {key: Match(relevance, coverage.get(key, 0.0)) for key, relevance in found.relevance.items()}


def _coverage(holders: Sequence[set[str]], total: int) -> Mapping[str, float]:
    """For each key the share of the words that it holds, weighed by their inverse document frequency."""
    weights = [math.log(1 + total / max(len(keys), 1)) for keys in holders]
    held: dict[str, float] = {}
    for weight, keys in zip(weights, holders, strict=True):
        for key in keys:
            held[key] = held.get(key, 0.0) + weight / sum(weights)
    return held
