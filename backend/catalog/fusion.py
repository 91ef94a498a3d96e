"""Reciprocal rank fusion: several rankings become one, whatever their scales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .records import Record
from .results import Hit

# Cormack, Clarke, Büttcher (2009): a ranking gives 1 / (K + rank).
_K = 60

# What has less than this share of a ranking's best value has no place in it.
_LEAST_OF_BEST = {"text": 0.2, "facets": 0.5}
_WEIGHTS = {"text": 1.0, "vector": 0.7, "name": 1.0, "facets": 1.0}  # a mean of word vectors is the vaguest of them
_ALWAYS = ("text", "vector")  # these are heard even when they found nothing, so that a score tells how sure it is


def fuse(records: Sequence[Record], voices: Mapping[str, Mapping[str, float]], *, facets_only: bool) -> tuple[Hit, ...]:
    """The records that any voice speaks for, best first, ties by key.

    `voices` gives the value of each record by its key; more is better. A score of 1 is the first place everywhere;
    for a query of facets only, it is enough to be first by facets.
    """
    rankings = {name: _ranks(records, values, _LEAST_OF_BEST.get(name, 0.0)) for name, values in voices.items()}
    always = () if facets_only else _ALWAYS
    heard = sum(_WEIGHTS[name] for name, ranks in rankings.items() if ranks or name in always)
    hits = []
    for record in records:
        matched = tuple(name for name, ranks in rankings.items() if record.key in ranks)
        if matched:
            said = sum(_WEIGHTS[name] * (_K + 1) / (_K + rankings[name][record.key]) for name in matched)
            hits.append(Hit(record, round(said / heard, 4), matched))
    return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.record.key)))


def _ranks(records: Sequence[Record], values: Mapping[str, float], least_of_best: float) -> dict[str, int]:
    """The rank of each record that has a value, from 1 for the greatest; equal values share a rank."""
    present = {record.key: values[record.key] for record in records if values.get(record.key, 0.0) > 0}
    least = least_of_best * max(present.values(), default=0.0)
    first: dict[float, int] = {}
    for rank, value in enumerate(sorted(present.values(), reverse=True), start=1):
        first.setdefault(value, rank)
    return {key: first[value] for key, value in present.items() if value >= least}
