"""How an agent reads a query: by rules, and where these find nothing, with the help of a language model.

Small models invent. So a model is only asked to copy words, and what it says counts only when it stands among the
words that the rules could make nothing of, allowing for a slip of spelling in words that the catalogue knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from pydantic import BaseModel, Field

from backend.catalog import Catalogue, Understanding
from backend.core.errors import LLMError
from backend.llm import LLM, Labelling

from .run import Facet

LLM_SECONDS = 75.0  # longer than one attempt may take, so that a fallback has its turn; shorter than a run
_ALIKE = 0.7  # ratio of matching letters: "bambu" and "bamboo" have 0.73, "pots" and "pottery" 0.55
_NOTHING = "none"
_WORD = re.compile(r"[^\W_]+")


class QueryLabels(BaseModel):
    """What a query names, in its own words; `none` for what it does not name."""

    material: str = Field(max_length=40)
    product: str = Field(max_length=40)


def _labels(material: str, product: str) -> QueryLabels:
    return QueryLabels(material=material, product=product)


QUERY_LABELLING = Labelling(
    name="query_labels",
    output=QueryLabels,
    instructions="Copy from the question the material and the product, if it names them.",
    # The last example weighs most with a small model, which repeats it when in doubt: so it names nothing.
    examples=(
        ("who sells cotton yarn", _labels("cotton yarn", _NOTHING)),
        ("school that teaches weaving", _labels(_NOTHING, _NOTHING)),
        ("I need river sand for idols", _labels("river sand", "idols")),
        ("fair for my dolls", _labels(_NOTHING, "dolls")),
        ("copper wire for bowls", _labels("copper wire", "bowls")),
        ("which town makes mats", _labels(_NOTHING, "mats")),
        ("cheap kite paper", _labels("kite paper", "kites")),
        ("training for potters", _labels(_NOTHING, _NOTHING)),
        ("hides to make drums", _labels("hides", "drums")),
        ("how to get a loan", _labels(_NOTHING, _NOTHING)),
    ),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a query asks for; `filled` are the facets that the model told."""

    asked: Understanding
    filled: frozenset[str] = frozenset()

    @property
    def facets(self) -> tuple[Facet, ...]:
        """Each facet with who told it."""
        named = self.asked.facets.items()
        return tuple(Facet(name, value, "llm" if name in self.filled else "rules") for name, value in named)


class QueryReader:
    """Reads queries against one catalogue; without an `llm` by rules alone."""

    def __init__(self, catalogue: Catalogue, llm: LLM | None) -> None:
        self._catalogue, self._llm = catalogue, llm

    async def read(self, query: str) -> Reading:
        """Read `query`. A model that fails or is away leaves the reading by rules, never an error."""
        asked = self._catalogue.understand(query)
        if self._llm is None or (asked.material and asked.craft) or asked.facets_only or not asked.text:
            return Reading(asked)
        try:
            labels = await self._llm.label(QUERY_LABELLING, query, within=LLM_SECONDS)
        except LLMError:  # told by its own log line and metrics
            return Reading(asked)
        material, craft = self._material(query, labels, asked), self._craft(query, labels, asked)
        filled = frozenset(name for name, value in (("material", material), ("craft", craft)) if value)
        return Reading(replace(asked, material=asked.material or material, craft=asked.craft or craft), filled)

    def _material(self, query: str, labels: QueryLabels, asked: Understanding) -> str | None:
        """The catalogue's name of the material, or the query's own words for one that the catalogue does not know."""
        words = _copied(labels.material, query, asked.text)
        if asked.material or not words:
            return None
        known = self._catalogue.understand(labels.material).material
        return known or (" ".join(words) if set(words) <= set(_words(asked.text)) else None)

    def _craft(self, query: str, labels: QueryLabels, asked: Understanding) -> str | None:
        """The craft that makes the product."""
        if asked.craft or not _copied(labels.product, query, asked.text):
            return None
        return self._catalogue.understand(labels.product).craft


def _copied(value: str, query: str, remaining: str) -> list[str]:
    """The words of `value` that the rules made nothing of; none at all when one of its words is not in the query."""
    words = _words(value)
    if words == [_NOTHING] or not all(_stands_in(word, query) for word in words):
        return []
    return [word for word in words if _stands_in(word, remaining)]


def _stands_in(word: str, text: str) -> bool:
    """Whether `text` has the word, give or take a slip of spelling."""
    return any(word == other or SequenceMatcher(None, word, other).ratio() >= _ALIKE for other in _words(text))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())
