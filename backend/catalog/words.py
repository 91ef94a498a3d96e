"""How text becomes words that can be compared: without case, accents and plural endings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

MAX_CHARACTERS = 600  # of a query; what follows is not read
MAX_WORDS = 48

_WORD = re.compile(r"[^\W_]+")
_LATIN = re.compile(r"[a-z0-9\u00df-\u024f]+")  # the catalogue is written in no other script
_POSSESSIVE = re.compile(r"['’]s\b", re.IGNORECASE)

# Words that say nothing about what is looked for. Seasons are among them: of a fair they tell the months.
_SAY_NOTHING = """
    a about address after all also am an and any anyone are around as at autumn be best better by can cheap
    cheapest contact could date dates detail details do does during find for from get give go going good had happen
    happening has have held help here how i if in info information into is it its kind kinds know like list looking
    many may me monsoon more most much my near nearby need next no now of on one or other our out over people place
    places please reach required s season set show some somebody someone something spring such suggest summer tell
    than that the their them there these they things this those through to top under up us use used using visit
    want was we well what when where which who whom whose why will winter with within would year you your
"""
STOP_WORDS = frozenset(_SAY_NOTHING.split())
_VAGUE = frozenset({"craft", "handicraft", "make", "making"})  # what everything here is or is done to


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a query: as it was written, folded, and in its singular."""

    written: str
    folded: str
    singular: str

    @property
    def says_nothing(self) -> bool:
        """Whether it is a word like "the" or "gives"."""
        return self.folded in STOP_WORDS or self.singular in STOP_WORDS


def encodable(text: str) -> str:
    """`text` without what JSON can carry and a database cannot: lone surrogates, and NUL characters."""
    return text.encode("utf-8", "ignore").decode("utf-8").replace("\0", "")


def fold(text: str) -> str:
    """`text` without case and accents, encodable."""
    folded = encodable(text)
    for _ in range(2):  # decomposing can bring a capital to light (𝕊 is S), and folding a letter to decompose
        folded = unicodedata.normalize("NFKD", folded).casefold()
    return "".join(character for character in folded if not unicodedata.combining(character))


def plain(text: str) -> str:
    """The folded words of `text` with a space between them, and nothing else."""
    return " ".join(_WORD.findall(fold(text)))


def singular(word: str) -> str:
    """A folded English word without its plural ending, roughly: both sides of a comparison pass through here."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def words_of(text: str) -> tuple[Word, ...]:
    """The words of `text` in order, at most MAX_WORDS from its first MAX_CHARACTERS."""
    return tuple(_words(text[:MAX_CHARACTERS]))[:MAX_WORDS]


def content_words(query: str) -> tuple[Word, ...]:
    """The words of a query that tell one record from another; of vague words alone all."""
    words = tuple(word for word in words_of(query) if not word.says_nothing)
    return tuple(word for word in words if word.singular not in _VAGUE) or words


@lru_cache(maxsize=4096)
def phrase(text: str) -> tuple[str, ...]:
    """All singular words of `text`: how names are compared. Cached, since names are compared again and again."""
    return tuple(word.singular for word in _words(text))


def _words(text: str) -> Iterator[Word]:
    for match in _WORD.finditer(_POSSESSIVE.sub("", text)):
        for folded in _LATIN.findall(fold(match[0])):
            yield Word(match[0], folded, singular(folded))
