"""What a search gives."""

from __future__ import annotations

from dataclasses import dataclass

from .records import Record
from .understanding import Understanding


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that answers a query."""

    record: Record
    score: float  # in (0, 1]; comparable within one result, a rank and not a probability
    matched: tuple[str, ...]  # what found it: text, vector, facets


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Hits, best first, and a short answer made of them."""

    query: str
    understanding: Understanding
    hits: tuple[Hit, ...]
    relaxed: tuple[str, ...]  # facets of the understanding that no hit would have fitted, and so were let go
    answer: str | None
