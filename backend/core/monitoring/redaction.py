"""What must not leave the process in a log line, a span or an error report, replaced by a word for what it was.

Keys, tokens and passwords; e-mail addresses, phone numbers, cards, Aadhaar and PAN numbers. In doubt it is replaced: an
order number that is lost costs less than a phone number that is not. Redacting twice is redacting once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

SECRET = "[SECRET]"  # noqa: S105 - what stands in its place
_NAMES = r"(?:[a-z]{1,32}[_-])?(?:api[_-]?key|token|secret|passw(?:or)?d|passphrase|pwd|authorization|credentials?)"
_NAMED_SECRET = re.compile(rf"(?:.*[_.-])?(?:{_NAMES}|cookie|dsn)", re.IGNORECASE)
_ENDS = r"""\s<>()\[\]{},;:"'=/"""  # of an address, in whatever script: \w leaves out the vowel signs of India's
_DEEPEST = 16
_SHORT = 128  # characters; such texts come again and again: names of events, routes, agents


class _Rule(NamedTuple):
    """A pattern is as slow as a word for each character, so it is tried only where a quick look finds a hint of it."""

    hint: Callable[[str], Any]
    """Given the text in lower case."""
    pattern: re.Pattern[str]
    word: str | Callable[[re.Match[str]], str]


def _any_of(*parts: str) -> Callable[[str], bool]:
    return lambda text: any(part in text for part in parts)


def _adding_up(match: re.Match[str]) -> str:
    """Luhn's check, which every card passes, and a time in milliseconds one time in ten."""
    digits = [int(digit) for digit in reversed(match.group()) if digit.isdecimal()]
    total = sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])
    return match.group() if total % 10 else "[CARD]"


_NUMBER = re.compile(r"\d[\d ().-]{8}").search
_RULES = (
    _Rule(_any_of("://"), re.compile(r"(?<=://)([^\s/:@]{0,256}):[^\s/]{1,1024}(?=@)"), rf"\1:{SECRET}"),
    _Rule(_any_of("bearer", "basic"), re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {SECRET}"),
    _Rule(
        _any_of("key", "token", "secret", "passw", "passphrase", "pwd", "authorization", "credential"),
        re.compile(
            rf"(?<!\w)({_NAMES}[\"']?\s{{0,4}}[:=]\s{{0,4}}[\"']?(?:(?:bearer|basic)\s+)?)[^\s\"',;&()\[\]{{}}]+",
            re.IGNORECASE,
        ),
        rf"\1{SECRET}",
    ),
    _Rule(
        _any_of("sk-", "sk_", "pk-", "pk_", "rk_", "aiza", "akia", "gh", "xox", "hf_", "eyj"),
        re.compile(
            r"\b(?:g?[spr]k[-_][\w-]{16,}|AIza[\w-]{30,}|AKIA[0-9A-Z]{16}\b|gh[pousr]_\w{20,}|xox[abprs]-[\w-]{10,}"
            r"|hf_\w{20,}|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]+)?)"
        ),
        "[API_KEY]",
    ),
    _Rule(
        _any_of("@"),
        re.compile(rf"(?<![^{_ENDS}])[^{_ENDS}@]{{1,64}}@[^{_ENDS}@.]{{1,64}}(?:\.[^{_ENDS}@.]{{1,64}})+"),
        "[EMAIL]",
    ),
    _Rule(_NUMBER, re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-])"), _adding_up),
    _Rule(
        _NUMBER,
        re.compile(r"(?<![\w.-])(?<!\d[ -])(?:\d{4}([ -])\d{4}\1\d{4}|[2-9]\d{11})(?![\w-]|[ ]\d)"),
        "[AADHAAR]",
    ),
    _Rule(
        _NUMBER,
        re.compile(
            r"(?<![\w.+-])(?:\+\d(?:[ ().-]{0,2}\d){7,14}|(?:91[ -]?|0)?[6-9]\d{4}[ -]?\d{5}|0\d{2,4}[ -]\d{6,8})"
            r"(?![\w-])"
        ),
        "[PHONE]",
    ),
    _Rule(re.compile(r"\d{4}[a-z]").search, re.compile(r"(?<![\w-])[A-Z]{5}\d{4}[A-Z](?![\w-])"), "[PAN]"),
)


def redact(text: str) -> str:
    """The text without what must not leave the process."""
    return _redact_short(text) if len(text) <= _SHORT else _redact(text)


def _redact(text: str) -> str:
    while (redacted := _once(text)) != text:  # what is replaced may set its neighbour free
        text = redacted
    return text


def _once(text: str) -> str:
    lower = text.lower()
    for hint, pattern, word in _RULES:
        if hint(lower):
            text = pattern.sub(word, text)
    return text


_redact_short = lru_cache(maxsize=4096)(_redact)


def redact_value(value: Any, *, depth: int = 0) -> Any:
    """The same for every text within lists and mappings, as far down as anybody would read."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping | list | tuple | set | frozenset) and depth == _DEEPEST:
        return "[TOO DEEP]"
    if isinstance(value, Mapping):
        return {key: redact_named(key, item, depth=depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_value(item, depth=depth + 1) for item in value]
    return value


def redact_named(name: object, value: Any, *, depth: int = 0) -> Any:
    """A value that is called `name`: as a whole when the name says that it is a secret."""
    if type(value) is str and len(value) <= _SHORT:  # as nearly all are
        return _redact_short_named(name, value)
    if value and isinstance(value, str | bytes) and _is_secret(name):
        return SECRET
    return redact_value(value, depth=depth)


@lru_cache(maxsize=4096)
def _redact_short_named(name: object, value: str) -> str:
    return SECRET if value and _is_secret(name) else _redact(value)


@lru_cache(maxsize=1024)
def _is_secret(name: object) -> bool:
    return isinstance(name, str) and _NAMED_SECRET.fullmatch(name) is not None
