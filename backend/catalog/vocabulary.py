"""The names that a query can contain, taken from the records themselves and from what people call them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .geography import CITY_STATES, PLACE_ALIASES, STATE_ALIASES
from .intent import WISH_WORDS
from .records import KINDS, MIXED, Record
from .seasons import MONTH_ALIASES, MONTHS, SEASON_ALIASES, SEASONS
from .spelling import Spelling
from .terms import CRAFT_TERMS, MATERIAL_FAMILIES, MATERIAL_TERMS, SPELLINGS
from .words import STOP_WORDS, phrase

Phrase = tuple[str, ...]  # singular words
Lexicon = Mapping[Phrase, str]  # how something may be written, and its name in the catalogue

_KIND_ALIASES = {"cluster": "craft", "mela": "fair", "institute": "institution"}
_PLACE_PARTS = re.compile(r",\s*|\s+and\s+")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The values of each facet, and under which words they are found."""

    states: tuple[str, ...]
    places: tuple[str, ...]  # towns and districts
    materials: tuple[str, ...]
    crafts: tuple[str, ...]
    months: tuple[str, ...]
    kind_lexicon: Lexicon
    state_lexicon: Lexicon
    place_lexicon: Lexicon
    city_lexicon: Lexicon  # cities without records, and their states
    material_lexicon: Lexicon
    craft_lexicon: Lexicon
    month_lexicon: Lexicon
    season_lexicon: Lexicon
    place_states: Mapping[str, str]  # only places that lie in one state
    spelling: Spelling

    @classmethod
    def of(cls, records: Iterable[Record]) -> Vocabulary:
        """The vocabulary of a catalogue."""
        records = tuple(records)
        states = _sorted(record.state for record in records)
        place_states = _place_states(records)
        places = _sorted(place for record in records for place in places_of(record))
        materials = _materials(records)
        crafts = _sorted(record.craft for record in records if record.craft != MIXED)
        lexicons = {
            "kind_lexicon": _lexicon(KINDS, _KIND_ALIASES),
            "state_lexicon": _lexicon(states, STATE_ALIASES),
            "place_lexicon": _lexicon((place for place in places if place not in states), PLACE_ALIASES, only=places),
            "city_lexicon": _lexicon((), CITY_STATES),
            "material_lexicon": _lexicon(materials, MATERIAL_TERMS, only=materials),
            "craft_lexicon": _craft_lexicon(crafts),
            "month_lexicon": _lexicon(MONTHS, MONTH_ALIASES),
            "season_lexicon": _lexicon(SEASONS, SEASON_ALIASES),
        }
        return cls(
            states=states,
            places=places,
            materials=materials,
            crafts=crafts,
            months=MONTHS,
            place_states=place_states,
            spelling=_spelling(records, lexicons.values()),
            **lexicons,
        )

    def kind(self, text: str) -> str | None:
        """The kind that `text` names as a whole, in any case or number, or None."""
        return self.kind_lexicon.get(phrase(text))

    def state(self, text: str) -> str | None:
        """The state that `text` names as a whole, by any of its names, or None."""
        return self.state_lexicon.get(phrase(text))

    def month(self, text: str) -> str | None:
        """The month that `text` names as a whole, or None."""
        return self.month_lexicon.get(phrase(text))


@lru_cache(maxsize=4096)
def places_of(record: Record) -> tuple[str, ...]:
    """The towns and the district of a record: of "Johari Bazaar, Jaipur" the town, of "A and B" both."""
    town = record.place.rsplit(", ", 1)[-1]
    parts = [part for part in _PLACE_PARTS.split(town) if part[:1].isupper()]
    return tuple(dict.fromkeys((*parts, record.district) if record.district else parts))


def _sorted(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value}))


def _lexicon(names: Iterable[str], aliases: Mapping[str, str], *, only: Sequence[str] | None = None) -> Lexicon:
    entries = {phrase(alias): name for alias, name in aliases.items() if only is None or name in only}
    return entries | {phrase(name): name for name in names}


def _place_states(records: Iterable[Record]) -> Mapping[str, str]:
    states: dict[str, set[str]] = {}
    for record in records:
        for place in places_of(record):
            states.setdefault(place, set()).add(record.state)
    return {place: next(iter(found)) for place, found in states.items() if len(found) == 1}


def _materials(records: Iterable[Record]) -> tuple[str, ...]:
    """Every material, and the families of which there is one: `silk` because of raw silk and muga silk."""
    named = {material for record in records for material in record.materials}
    words = {word for material in named for word in phrase(material)}
    return tuple(sorted(named | {family for family in MATERIAL_FAMILIES if set(phrase(family)) <= words}))


def _spelling(records: Iterable[Record], lexicons: Iterable[Lexicon]) -> Spelling:
    names = {word for lexicon in lexicons for words in lexicon for word in words}
    names.update(word for record in records for word in phrase(record.name))
    described = {word for record in records for word in phrase(record.description)}
    spellings = {word for group in SPELLINGS for word in phrase(group)}
    return Spelling(names, names | described | spellings | WISH_WORDS | STOP_WORDS)


def _craft_lexicon(crafts: Sequence[str]) -> Lexicon:
    terms = {term.strip(): craft for craft, listed in CRAFT_TERMS.items() for term in listed.split(",")}
    return _lexicon(crafts, terms, only=crafts)
