"""Words that are written in several ways, and slips of the finger: `saree` and `sari`, `cottan`, `karnatka`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from .terms import SPELLINGS
from .words import Word, phrase, singular

_CANONICAL = {word: phrase(group)[0] for group in SPELLINGS for word in phrase(group)}
_SHORTEST = 5  # shorter words are one letter away from too many others


def canonical(word: str) -> str:
    """The first of all known spellings of a singular word."""
    return _CANONICAL.get(word, word)


class Spelling:
    """Mends one wrong letter. `names` are the words worth mending to; `known` words are right as they are."""

    def __init__(self, names: Iterable[str], known: Collection[str]) -> None:
        self._known = frozenset(known)
        self._names: dict[str, list[tuple[int, str]]] = {}
        for name in sorted({name for name in names if len(name) >= _SHORTEST}):
            for lost, shortened in _without_one_letter(name):
                self._names.setdefault(shortened, []).append((lost, name))

    def mend(self, word: Word) -> Word:
        """`word`, or the name that differs from it by one letter and begins alike."""
        if len(word.folded) < _SHORTEST or word.folded in self._known or word.singular in self._known:
            return word
        mended = next(self._nearest(word.singular), None)
        return replace(word, folded=mended, singular=singular(mended)) if mended else word

    def _nearest(self, written: str) -> Iterator[str]:
        """The names one letter away: equal once each word loses at most one, in the same place or the next."""
        for lost, shortened in _without_one_letter(written):
            for missing, name in self._names.get(shortened, ()):
                alike = not lost or not missing or abs(lost - missing) <= 1
                if alike and name[0] == written[0]:
                    yield name


def _without_one_letter(word: str) -> Iterator[tuple[int, str]]:
    """`word` and what is left of it without one letter but the first, each with the position of that letter or 0."""
    yield 0, word
    for position in range(1, len(word)):
        yield position, word[:position] + word[position + 1 :]
