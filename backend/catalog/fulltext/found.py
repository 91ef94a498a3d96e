"""What a database found for the words of a query."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """Records by their keys."""

    relevance: dict[str, float]  # more is better
    holders: list[set[str]]  # for each word of the query, those that contain it in one of its spellings
