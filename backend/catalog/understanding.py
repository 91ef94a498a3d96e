"""What a query asks for, by rules: its kind, place, material, craft and time, and the words that remain.

Rules know the catalogue's own vocabulary and how craftspeople talk; nothing is guessed, so a facet is either named in
the query or None.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .geography import AMBIGUOUS_PLACES
from .intent import asks_for_figures, read_kind
from .seasons import SEASONS
from .vocabulary import Lexicon, Vocabulary
from .words import Word, words_of

_PREPOSITIONS = frozenset({"in", "near", "from", "at", "around", "of", "within", "across"})
_BEFORE_MAY = frozenset({"in", "during", "by", "around", "early", "late", "mid", "next", "this", "for", "until", "of"})
_NEAR = frozenset({"near", "nearby", "around", "ncr"})
_SUBJECTS = frozenset({"i", "we", "you", "they", "people", "who", "that", "to"})
_LONGEST_PHRASE = 5


@dataclass(frozen=True, slots=True)
class Understanding:
    """The facets that a query names, each a value of the vocabulary, and what is left to search for.

    `place` without `state` is a place named in passing ("mysore silk"): it raises records there and excludes nothing.
    """

    kind: str | None = None
    state: str | None = None
    place: str | None = None
    material: str | None = None
    craft: str | None = None
    month: str | None = None
    season: str | None = None  # only of fairs: others speak of winter shawls and Diwali lamps
    near: bool = False  # what lies around the place will do
    figures: bool = False  # prices or telephone numbers are asked for, and no record has any
    text: str = ""
    facets_only: bool = False  # the query says nothing beyond its kind, time and whereabouts; `text` repeats them

    @property
    def facets(self) -> dict[str, str]:
        """The facets that were recognised, by name."""
        named = ("kind", "state", "place", "material", "craft", "month", "season")
        return {name: value for name in named if (value := getattr(self, name)) is not None}

    @property
    def months(self) -> tuple[str, ...]:
        """The months that will do; none when any will."""
        return (self.month,) if self.month else SEASONS.get(self.season or "", ())


@dataclass(frozen=True, slots=True)
class _Found:
    """A value and the positions of its words in the query."""

    value: str
    start: int
    end: int

    @property
    def positions(self) -> range:
        return range(self.start, self.end)


def understand(query: str, vocabulary: Vocabulary) -> Understanding:
    """Read `query`; never raises, and gives an empty Understanding for a query without words."""
    words = tuple(vocabulary.spelling.mend(word) for word in words_of(query))
    month = _month(words, vocabulary)
    state, place = _whereabouts(words, vocabulary)
    material = _longest(words, vocabulary.material_lexicon, _verbs(words))
    craft = _longest(words, vocabulary.craft_lexicon)
    wish = read_kind(
        words, material_end=material.end if material else None, craft=craft is not None, month=month is not None
    )
    if wish.kind == "craft" and craft and any(word.folded == "for" for word in words[: craft.start]):
        craft = None  # what is made for printers is no printing
    season = _longest(words, vocabulary.season_lexicon) if wish.kind == "fair" else None
    figures = asks_for_figures(words)
    state_name = _state_name(state, place, words, vocabulary)
    told = (month, season, state, place if state_name else None)  # a place in passing is part of what is looked for
    used = _positions(told) | wish.positions | figures
    content = [position for position, word in enumerate(words) if not word.says_nothing]
    remaining = [position for position in content if position not in used]
    return Understanding(
        kind=wish.kind,
        state=state_name,
        place=place.value if place else None,
        material=material.value if material else None,
        craft=craft.value if craft else None,
        month=month.value if month else None,
        season=season.value if season else None,
        near=_is_near(state or place, words),
        figures=bool(figures),
        text=" ".join(words[position].folded for position in remaining or content or range(len(words))),
        facets_only=bool(content) and not remaining,
    )


def _longest(words: tuple[Word, ...], lexicon: Lexicon, skip: Collection[int] = ()) -> _Found | None:
    """The longest phrase of the lexicon in the query; of equally long ones the first."""
    for length in range(min(_LONGEST_PHRASE, len(words)), 0, -1):
        for start in range(len(words) - length + 1):
            value = lexicon.get(tuple(word.singular for word in words[start : start + length]))
            if value is not None and start not in skip:
                return _Found(value, start, start + length)
    return None


def _positions(found: Iterable[_Found | None]) -> frozenset[int]:
    return frozenset(position for one in found if one for position in one.positions)


def _verbs(words: tuple[Word, ...]) -> frozenset[int]:
    """Where a verb stands that is a material elsewhere: "people paint", "to dye"."""
    return frozenset(position for position in range(1, len(words)) if words[position - 1].folded in _SUBJECTS)


def _is_near(where: _Found | None, words: tuple[Word, ...]) -> bool:
    """Whether the query means what lies around the place too: "near Delhi", "NCR"."""
    return where is not None and any(word.folded in _NEAR for word in words[max(where.start - 1, 0) : where.end])


def _month(words: tuple[Word, ...], vocabulary: Vocabulary) -> _Found | None:
    not_months = {
        position
        for position, word in enumerate(words)
        if word.folded == "may" and (position == 0 or words[position - 1].folded not in _BEFORE_MAY)
    }
    return _longest(words, vocabulary.month_lexicon, not_months)


def _whereabouts(words: tuple[Word, ...], vocabulary: Vocabulary) -> tuple[_Found | None, _Found | None]:
    """The state and the place that the query names."""
    unlikely = {position for position, word in enumerate(words) if not _may_be_initials(words, position, word)}
    state = _longest(words, vocabulary.state_lexicon, unlikely)
    taken = set(state.positions) if state else set()
    ambiguous = {
        position
        for position, word in enumerate(words)
        if word.folded in AMBIGUOUS_PLACES and (position == 0 or words[position - 1].folded not in {"in", "near"})
    }
    place = _longest(words, vocabulary.place_lexicon, taken | ambiguous)
    if state is None and place is None:
        state = _longest(words, vocabulary.city_lexicon)
    return state, place


def _may_be_initials(words: tuple[Word, ...], position: int, word: Word) -> bool:
    """Whether a word of two letters may stand for a state: UP, or "in up", but not "set up"."""
    return (
        len(word.folded) > 2 or word.written.isupper() or (position > 0 and words[position - 1].folded in _PREPOSITIONS)
    )


def _state_name(
    state: _Found | None, place: _Found | None, words: tuple[Word, ...], vocabulary: Vocabulary
) -> str | None:
    """The state that is asked for: the one named, or that of a place which stands where a place is asked for."""
    if state is not None:
        return state.value
    if place is None:
        return None
    after_preposition = place.start > 0 and words[place.start - 1].folded in _PREPOSITIONS
    if after_preposition or place.end == len(words):
        return vocabulary.place_states.get(place.value)
    return None
