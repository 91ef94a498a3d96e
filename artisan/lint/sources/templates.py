"""What is wrong with a template of a label or an annotation: Prometheus refuses a file of rules for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from artisan.lint.metrics import closest
from artisan.lint.text import Text

_STRING = r'"(?:[^"\\\n]|\\.)*"|`[^`]*`|\'(?:[^\'\\\n]|\\.)*\''
_ACTION = re.compile(r"\{\{(-?\s*/\*.*?\*/\s*-?|(?:" + _STRING + r"|[^\"`}]|\}(?!\}))*)\}\}", re.DOTALL)
_WORD = re.compile(_STRING + r"|(?<![\w.$])(?P<word>[A-Za-z_]\w*)")
_LANGUAGE = """and or not len index slice print printf println html js urlquery call eq ne lt le gt ge
    if else end range with template define block break continue nil true false"""
_PROMETHEUS = """query first label value sortByLabel strvalue args reReplaceAll safeHtml match title toUpper toLower
    graphLink tableLink parseDuration humanize humanize1024 humanizeDuration humanizePercentage humanizeTimestamp toTime
    toDuration now pathPrefix externalURL stripPort stripDomain urlQueryEscape"""
_KNOWN = frozenset((_LANGUAGE + " " + _PROMETHEUS).split())


def template_faults(text: Text) -> Iterator[tuple[Text, str, str]]:
    """Each fault with its place, what it is and what to do."""
    end = 0
    for action in _ACTION.finditer(text):
        if text.find("{{", end, action.start()) >= 0:
            break
        end = action.end()
        if not action[1].lstrip("- ").startswith("/*"):
            yield from _unknown(text, action)
    opening = text.find("{{", end)
    if opening >= 0:
        place = text.part(opening, opening + 2)
        yield place, "This template has a `{{` that is never closed.", "Close it by `}}`."


def _unknown(text: Text, action: re.Match[str]) -> Iterator[tuple[Text, str, str]]:
    for found in _WORD.finditer(text, action.start(1), action.end(1)):
        word = found["word"]
        if word and word not in _KNOWN:
            meant = closest(word, _KNOWN)
            todo = f"Write `{meant}`." if meant else "Look at Prometheus' list of template functions."
            yield text.part(*found.span("word")), f"Templates have no function `{word}`.", todo
