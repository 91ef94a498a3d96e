"""How an agent reads a query: by rules, and where these find nothing, with the help of a language model.

Small models invent. So a model is only asked to copy words, and what it says counts only when it stands among the
words that the rules could make nothing of, allowing for a slip of spelling in words that the catalogue knows.

A place that the model copied is written into the query as the catalogue writes it, and the rules read that again: so
it means what it would have meant if it had been spelt well, here and in every tool that is given the query.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from pydantic import BaseModel, Field

from backend.catalog import Catalogue, Understanding
from backend.core.errors import LLMError
from backend.llm import LLM, Labelling

from .place_names import alike, nearest_place
from .run import Facet

LLM_SECONDS = 75.0  # longer than one attempt may take, so that a fallback has its turn; shorter than a run
_ALIKE = 0.7  # ratio of matching letters: "bambu" and "bamboo" have 0.73, "pots" and "pottery" 0.55
_NOTHING = "none"
_WORD = re.compile(r"[^\W_]+")
_LONGEST_PLACE = 3  # in words


class QueryLabels(BaseModel):
    """What a query names, in its own words; `none` for what it does not name. A small model fills the first best."""

    place: str = Field(max_length=40)
    material: str = Field(max_length=40)
    product: str = Field(max_length=40)


def _labels(material: str = _NOTHING, product: str = _NOTHING, place: str = _NOTHING) -> QueryLabels:
    return QueryLabels(place=place, material=material, product=product)


QUERY_LABELLING = Labelling(
    name="query_labels",
    output=QueryLabels,
    instructions="Copy from the question the material, the product and the place, if it names them.",
    # The places are misspelt, so that the model learns to copy them as they stand. The last example weighs most with a
    # small model, which repeats it when in doubt: so it names nothing.
    examples=(
        ("who sells cotton yarn in Lahor", _labels("cotton yarn", place="Lahor")),
        ("suppliers of silver foil", _labels("silver foil")),
        ("I need river sand for idols", _labels("river sand", "idols")),
        ("fair for my dolls near Sikandrabaad", _labels(product="dolls", place="Sikandrabaad")),
        ("copper wire for bowls from Multaan", _labels("copper wire", "bowls", "Multaan")),
        ("where to sell mats in Kandahaar", _labels(product="mats", place="Kandahaar")),
        ("Bareli kite paper", _labels("kite paper", "kites", "Bareli")),
        ("Multaan wood supplier", _labels("wood", place="Multaan")),
        ("training for potters in Peshaawar", _labels(place="Peshaawar")),
        ("hides to make drums", _labels("hides", "drums")),
        ("how to get a loan", _labels()),
    ),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a query asks for, and the query with its place well spelt; `filled` are the facets that the model told."""

    query: str
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
        by_rules = self._catalogue.understand(query)
        if self._llm is None or _complete(by_rules):
            return Reading(query, by_rules)
        try:
            labels = await self._llm.label(QUERY_LABELLING, query, within=LLM_SECONDS)
        except LLMError:  # told by its own log line and metrics
            return Reading(query, by_rules)
        query, asked = self._located(query, labels.place, by_rules)
        material, craft = self._material(query, labels, asked), self._craft(query, labels, asked)
        asked = replace(asked, material=asked.material or material, craft=asked.craft or craft)
        return Reading(query, asked, frozenset(asked.facets.keys() - by_rules.facets.keys()))

    def _located(self, query: str, said: str, by_rules: Understanding) -> tuple[str, Understanding]:
        """The query with the place that `said` copies from it well spelt, and what it asks for then."""
        copied = None if by_rules.place else _where(said, query, by_rules.text)
        if copied is None:
            return query, by_rules
        name = nearest_place(_joined(query[copied]), self._catalogue.vocabulary, by_rules.state)
        mended = f"{query[: copied.start]}{name or query[copied]}{query[copied.stop :]}"
        asked = self._catalogue.understand(mended)
        return (mended, asked) if asked.facets.items() > by_rules.facets.items() else (query, by_rules)

    def _material(self, query: str, labels: QueryLabels, asked: Understanding) -> str | None:
        """The catalogue's name of the material, or the query's own words for one that the catalogue does not know."""
        words = _copied(labels.material, query, asked)
        if asked.material or not words:
            return None
        known = self._catalogue.understand(labels.material).material
        return known or (" ".join(words) if set(words) <= set(_words(asked.text)) else None)

    def _craft(self, query: str, labels: QueryLabels, asked: Understanding) -> str | None:
        """The craft that makes the product."""
        if asked.craft or not _copied(labels.product, query, asked):
            return None
        return self._catalogue.understand(labels.product).craft


def _complete(asked: Understanding) -> bool:
    """Whether the rules found all that a model is asked for, or nothing is left that it could be found in."""
    return bool(asked.material and asked.craft and asked.place) or asked.facets_only or not asked.text


def _where(said: str, query: str, remaining: str) -> slice | None:
    """Where in the query the name stands that `said` copies; only words that the rules made nothing of can be it."""
    words = list(_WORD.finditer(query))
    for length in range(1, _LONGEST_PLACE + 1):
        for first, last in zip(words, words[length - 1 :], strict=False):
            here = slice(first.start(), last.end())
            unused = all(_stands_in(word, remaining) for word in _words(query[here]))
            if unused and alike(_joined(query[here]), _joined(said)):
                return here
    return None


def _copied(value: str, query: str, asked: Understanding) -> list[str]:
    """The words of `value` that the rules made nothing of; none at all when one of its words is not in the query."""
    words = _words(value)
    if words == [_NOTHING] or asked.facets_only or not all(_stands_in(word, query) for word in words):
        return []
    return [word for word in words if _stands_in(word, asked.text)]


def _stands_in(word: str, text: str) -> bool:
    """Whether `text` has the word, give or take a slip of spelling."""
    return any(word == other or SequenceMatcher(None, word, other).ratio() >= _ALIKE for other in _words(text))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _joined(text: str) -> str:
    return "".join(_words(text))
