"""What Prometheus refuses a whole file of rules for, beside its expressions: keys, names, durations and templates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from artisan.lint.documents import Broken, mapping, mappings, place_of
from artisan.lint.metrics import closest
from artisan.lint.text import Source, Text

from .templates import template_faults

_FILE = {"groups"}
# The last one is Thanos', and of Kubernetes.
_GROUP = {"name", "interval", "query_offset", "limit", "labels", "rules", "partial_response_strategy"}
_DURATION = re.compile("(?=.)" + "".join(rf"(\d+{unit})?" for unit in ("y", "w", "d", "h", "m", "s", "ms")) + "|0")
_NAME = re.compile(r"[a-zA-Z_:][\w:]*", re.ASCII)
_LABEL = re.compile(r"(?!__name__$)[a-zA-Z_]\w*", re.ASCII)
_ALERT_ONLY = ("for", "keep_firing_for", "annotations")


def faults(source: Source, document: Mapping[str, Any], groups: list[Any], *, bare: bool) -> Iterator[Broken]:
    """Each fault of the groups, and of the document itself where it is `bare`: no object of Kubernetes."""
    if bare:
        yield from _unknown(source, document, _FILE, "A file of rules")
    seen: set[str] = set()
    for group in mappings(groups):
        yield from _unknown(source, group, _GROUP, "A group")
        name = group.get("name")
        if isinstance(name, Text):
            if name in seen:
                yield Broken(source, name, f"A group `{name}` stands in this file already.", "Give it another name.")
            seen.add(name)
        yield from _durations(source, group, ("interval", "query_offset"))
        for rule in mappings(group.get("rules")):
            yield from _rule(source, rule)


def _rule(source: Source, rule: Mapping[str, Any]) -> Iterator[Broken]:
    yield from _durations(source, rule, ("for", "keep_firing_for"))
    record = rule.get("record")
    if isinstance(record, Text):
        if not _NAME.fullmatch(record):
            todo = "Use letters, digits, `_` and `:` alone."
            yield Broken(source, record, f"`{record}` is no name of a metric.", todo)
        for key in _ALERT_ONLY:
            if rule.get(key):
                yield Broken(source, _key(rule, key), f"A recording rule has no key `{key}`.", "Take it away.")
    for name in (*mapping(rule.get("labels")), *mapping(rule.get("annotations"))):
        if isinstance(name, Text) and not _LABEL.fullmatch(name):
            yield Broken(source, name, f"`{name}` is no name of a label.", "Use letters, digits and `_` alone.")
    if record is None:
        for text in (*mapping(rule.get("labels")).values(), *mapping(rule.get("annotations")).values()):
            if isinstance(text, Text):
                yield from (Broken(source, *fault) for fault in template_faults(text))


def _unknown(source: Source, holder: Mapping[str, Any], known: set[str], what: str) -> Iterator[Broken]:
    for key in holder:
        if key not in known:
            meant = closest(str(key), known)
            todo = f"Write `{meant}`." if meant else "Take it away; Prometheus refuses the file."
            yield Broken(source, place_of(key), f"{what} has no key `{key}`.", todo)


def _durations(source: Source, holder: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[Broken]:
    for key in keys:
        value = holder.get(key)
        if value and not (isinstance(value, Text) and _DURATION.fullmatch(value)):
            shown = f"`{value}`" if isinstance(value, Text) else f"`{key}`"
            yield Broken(source, place_of(value), f"{shown} is no duration.", "Write one such as 30s, 5m or 1h30m.")


def _key(holder: Mapping[str, Any], key: str) -> Any:
    """The key as it stands in the file."""
    return next(found for found in holder if found == key)
