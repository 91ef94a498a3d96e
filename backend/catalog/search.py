"""Hybrid search: full text, vectors, names and facets, each a ranking of its own, fused by reciprocal rank.

The catalogue is small (hundreds of records), so each query looks at the facets of every one of them in memory; words
and vectors are looked up where the database has an index for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from backend.storage import Database

from . import fulltext
from .embedding import Vectors
from .facets import craft_grade, fit, material_grade, passes
from .fusion import fuse
from .records import Record
from .results import Hit
from .seasons import MONTH_ALIASES, MONTHS
from .spelling import canonical
from .understanding import Understanding
from .vectors import VectorSearch
from .words import content_words, phrase

# Queries that have nothing to do with crafts stay below this cosine with every record.
_LEAST_SIMILAR = 0.28
# A record far less similar than the best one is no answer either.
_LEAST_SIMILAR_TO_BEST = 0.6
# When no record has words for this share of a query, the query is about something else, whatever one word matches.
_LEAST_COVERED = 0.5
# A record that covers far less of the query than the best one shares a common word with it and no more.
_LEAST_COVERED_OF_BEST = 0.5

# In which order facets are let go when nothing fits them all: people can travel sooner than use another material.
_RELAXABLE = ("state", "month", "season", "craft", "material", "kind")

_MONTHS = {word for name in (*MONTHS, *MONTH_ALIASES) for word in phrase(name)}

_Relaxed = tuple[str, ...]
_Choice = tuple[list[Record], _Relaxed]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Hits, best first, and the facets that had to be let go to find any."""

    hits: tuple[Hit, ...]
    relaxed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What speaks for each record, by its key; more is better."""

    text: Mapping[str, float]
    vector: Mapping[str, float]
    name: Mapping[str, float]


class HybridSearch:
    """Ranks the records of one catalogue."""

    def __init__(self, database: Database, records: Sequence[Record], vectors: VectorSearch) -> None:
        self._database = database
        self._records = records
        self._vectors = vectors
        self._names = {
            record.key: (_canonical(record.name), _canonical(f"{record.place} {record.state}")) for record in records
        }

    async def rank(
        self, query: str, asked: Understanding, vector: Vectors, *, kind: str | None, state: str | None, limit: int
    ) -> Ranking:
        """The best `limit` records for a query, its understanding and its unit vector of shape (DIMENSIONS,).

        `kind` and `state` exclude everything else, whatever the query says.
        """
        evidence = _Evidence({}, {}, {})
        if not asked.facets_only:
            matches = await self._matches(asked.text)
            evidence = _Evidence(matches, await self._similarities(vector), self._named(query))
        allowed = [r for r in self._records if kind in (None, r.kind) and state in (None, r.state)]
        chosen, relaxed = _choose(allowed, asked, evidence)
        wished = self._at_home(asked, evidence)
        voices = {
            "text": evidence.text,
            "vector": evidence.vector,
            "name": evidence.name,
            "facets": {record.key: fit(record, wished) for record in chosen},
        }
        return Ranking(fuse(chosen, voices, facets_only=asked.facets_only)[:limit], relaxed)

    def _at_home(self, asked: Understanding, evidence: _Evidence) -> Understanding:
        """For a fair anywhere, those near the home of what the query names come first."""
        if asked.kind != "fair" or asked.state or not evidence.text:
            return asked
        best = max(self._records, key=lambda record: evidence.text.get(record.key, 0.0))
        return replace(asked, state=best.state)

    async def _matches(self, text: str) -> dict[str, float]:
        found = await self._database.read(lambda c: fulltext.search(c, text, len(self._records)))
        best = max((match.coverage for match in found.values()), default=0.0)
        least = max(_LEAST_COVERED, _LEAST_COVERED_OF_BEST * best)
        return {key: match.relevance for key, match in found.items() if match.coverage >= least}

    async def _similarities(self, vector: Vectors) -> dict[str, float]:
        cosines = await self._vectors.nearest(vector)
        least = max(_LEAST_SIMILAR, _LEAST_SIMILAR_TO_BEST * max(cosines.values(), default=0.0))
        return {key: cosine for key, cosine in cosines.items() if cosine >= least}

    def _named(self, query: str) -> dict[str, float]:
        """The records whose name and whereabouts have every word of the query but months; the more, the surer."""
        words = {canonical(word.singular) for word in content_words(query) if word.folded not in _MONTHS}
        return {
            key: len(words & name) / len(name)
            for key, (name, whereabouts) in self._names.items()
            if words & name and words <= name | whereabouts
        }


def _choose(records: Sequence[Record], asked: Understanding, evidence: _Evidence) -> _Choice:
    """The records that fit the facets and are about the text, with as few facets let go as possible.

    The kind is let go last: before that comes whatever is of this kind in that place or month, unless the query gives
    the very name of something else. Fairs serve every craft, so but for its name a fair convinces by place and time.
    """
    about = [record for record in records if _is_about(record, asked, evidence)]
    present = [facet for facet in _RELAXABLE if facet in asked.facets]
    relaxations = [relaxed for count in range(len(present) + 1) for relaxed in combinations(present, count)]
    of_the_kind = [relaxed for relaxed in relaxations if "kind" not in relaxed]
    of_any_kind = [relaxed for relaxed in relaxations if "kind" in relaxed]

    def first(relaxations: Sequence[_Relaxed], convinces: Callable[[Record], bool]) -> _Choice | None:
        for relaxed in relaxations:
            chosen = [record for record in about if passes(record, asked, relaxed)]
            if any(map(convinces, chosen)):
                return chosen, relaxed
        return None

    def named(record: Record) -> bool:
        return record.key in evidence.name

    def surely(record: Record) -> bool:
        return _surely_about(record, asked, evidence)

    if asked.kind == "fair":
        found = first(of_the_kind, named) or first(of_any_kind, named) or first(of_the_kind, surely)
    else:
        found = first(of_the_kind, surely) or first(of_any_kind, named) or _whatever_is_there(records, asked)
    return found or first(of_any_kind, surely) or ([record for record in about if passes(record, asked)], ())


def _whatever_is_there(records: Sequence[Record], asked: Understanding) -> _Choice | None:
    """What fits a query whose words are unknown but which says where."""
    if asked.place is None and (asked.kind is None or asked.state is None):
        return None
    chosen = [record for record in records if passes(record, asked)]
    return (chosen, ()) if chosen else None


def _surely_about(record: Record, asked: Understanding, evidence: _Evidence) -> bool:
    return (
        asked.facets_only
        or (record.kind == "fair" == asked.kind and (len(asked.facets) > 1 or bool(evidence.text)))
        or record.key in evidence.text
        or record.key in evidence.name
        or material_grade(record, asked) == 1
        or craft_grade(record, asked) == 1
    )


def _is_about(record: Record, asked: Understanding, evidence: _Evidence) -> bool:
    return (
        _surely_about(record, asked, evidence)
        or record.key in evidence.vector
        or material_grade(record, asked) > 0
        or (asked.kind is not None and craft_grade(record, asked) > 0)
    )


def _canonical(text: str) -> frozenset[str]:
    return frozenset(map(canonical, phrase(text)))
