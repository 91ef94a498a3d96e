"""Names of places that were written by ear: `Jaipoor`, `Varansee`, `Tanjavur`, `Uttarpradesh`.

The catalogue's rules mend one wrong letter. Names of Indian places go wrong in other ways, by more letters and still
with the same sound, because they are put into Latin letters from scripts that spell them otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import groupby

from backend.catalog import Vocabulary

_SOUNDS = str.maketrans("eyowcj", "iiuvkz", "h")  # letters that stand for one sound in these names, and a silent one
_ALIKE = 0.93  # the same sounds, or one more in seven: of 315 towns unknown to the catalogue none became a known one
_SHORTEST = 4  # shorter names are initials


def alike(written: str, name: str) -> bool:
    """Whether two names without spaces begin alike and sound alike."""
    return _likeness(written, name) >= _ALIKE


def nearest_place(written: str, vocabulary: Vocabulary, state: str | None) -> str | None:
    """The name of a place or state that sounds like `written`; None when none does, or several do alike.

    With a `state` only that of a place within it.
    """
    likeness = [(_likeness(written, spelt), name) for spelt, name in _names(vocabulary, state)]
    best = max((score for score, _ in likeness), default=0.0)
    nearest = {name for score, name in likeness if score == best}
    return nearest.pop() if best >= _ALIKE and len(nearest) == 1 else None


def _names(vocabulary: Vocabulary, state: str | None) -> Iterator[tuple[str, str]]:
    """How places may be spelt, in lower case and without spaces, each with a name that the rules know how to read."""
    for words, place in vocabulary.place_lexicon.items():
        if state is None or vocabulary.place_states.get(place) == state:
            yield "".join(words), place
    if state is None:
        yield from (("".join(words), name) for words, name in vocabulary.state_lexicon.items())
        yield from (("".join(words), " ".join(words)) for words in vocabulary.city_lexicon)


def _likeness(written: str, name: str) -> float:
    """From 0 to 1, of sounds."""
    one, other = _sound(written), _sound(name)
    if min(len(written), len(name)) < _SHORTEST or one[:1] != other[:1]:
        return 0.0
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


@lru_cache(maxsize=2048)
def _sound(name: str) -> str:
    """The sounds of a name in lower case; doubled letters sound once."""
    return "".join(sound for sound, _ in groupby(name.translate(_SOUNDS)))
