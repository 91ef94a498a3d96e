"""Reading a project's settings: a wrong key or entry is told with its line, and nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .config import Ceiling, Config, Limit, Unused, Waiver
from .documents import Broken, mapping, parse_yaml, place_of
from .metrics import Metric, Values, closest, unit_of
from .text import Position, Source, Text

_KEYS = {"prometheus", "subset", "targets", "metrics", "ceilings", "unused", "waivers"}
_SEE = "See docs/lint.md."
_TYPES = {"counter", "gauge", "histogram", "summary", "info", "unknown"}


def read_config(source: Source) -> Config:
    """From the text of a lint.yml; raises Broken when a key or an entry is not known."""
    document = parse_yaml(source) or {}
    if not isinstance(document, dict):
        raise Broken(source, Position(1, 1), "This is no configuration of lint.", _SEE)
    for key in document:
        if key not in _KEYS:
            meant = closest(str(key), _KEYS)
            todo = f"Did you mean `{meant}`?" if meant else _SEE
            raise Broken(source, place_of(key), f"There is no setting `{key}`.", todo)
    reader = _Reader(source, document)
    ceilings = reader.entries("ceilings", ("metric",), ("value", "because", "limit", "margin"))
    metrics = reader.entries("metrics", ("name", "type"), ("labels", "edges", "unit"))
    unused = reader.entries("unused", ("metric", "reason"))
    waivers = reader.entries("waivers", ("rule", "where", "reason"))
    return Config(
        prometheus=reader.path("prometheus"),
        subset=reader.path("subset"),
        targets=tuple(str(label) for label in reader.listed(document, "targets")),
        metrics=tuple(reader.metric(entry) for entry in metrics),
        ceilings=tuple(reader.ceiling(entry) for entry in ceilings if "limit" not in entry),
        limits=tuple(reader.limit(entry) for entry in ceilings if "limit" in entry),
        unused=tuple(Unused(entry["metric"], entry["reason"]) for entry in unused),
        unused_key=next((key for key in document if key == "unused"), None),
        waivers=tuple(Waiver(entry["rule"], entry["where"], entry["reason"]) for entry in waivers),
        source=source,
    )


@dataclass(frozen=True)
class _Reader:
    source: Source
    document: Mapping[str, Any]

    def path(self, key: str) -> Text | None:
        """The name of a file; raises Broken when it is no text."""
        found = self.document.get(key)
        if found is not None and not (isinstance(found, Text) and found.strip()):
            raise self._broken(found, f"`{key}` is no name of a file.", "Write its path from the project's root.")
        return found

    def listed(self, holder: Mapping[str, Any], key: str) -> list[Any]:
        """A list, empty when it is not there; raises Broken for anything else."""
        found = holder.get(key) or []
        if not isinstance(found, list):
            raise self._broken(found, f"`{key}` is no list.", "Begin each entry with `-`.")
        return found

    def entries(self, key: str, needs: tuple[str, ...], may: tuple[str, ...] = ()) -> list[Mapping[str, Any]]:
        """The entries of a list; raises Broken for one that lacks something or has something unknown."""
        found = self.listed(self.document, key)
        for entry in found:
            for name in needs:
                value = mapping(entry).get(name)
                if not isinstance(value, Text) or not value.strip():
                    raise self._broken(entry, f"An entry of `{key}` has no `{name}`.", "Every entry must have it.")
            for name in entry:
                if name not in (*needs, *may):
                    raise self._broken(name, f"An entry of `{key}` has no key `{name}`.", _SEE)
        return found

    def metric(self, entry: Mapping[str, Any]) -> Metric:
        if entry["type"] not in _TYPES:
            what = f"`{entry['type']}` is no type of metric."
            raise self._broken(entry["type"], what, f"Write one of {', '.join(sorted(_TYPES))}.")
        labels: dict[str, Values] = {}
        for label, values in mapping(entry.get("labels")).items():
            labels[str(label)] = frozenset(map(str, values)) if isinstance(values, list) else None
        spelt = {self.number(edge): str(edge) for edge in self.listed(entry, "edges")}
        unit = str(entry["unit"]) if entry.get("unit") else unit_of(entry["name"])
        return Metric(entry["name"], entry["type"], labels, unit, tuple(sorted(spelt)), spelt)

    def ceiling(self, entry: Mapping[str, Any]) -> Ceiling:
        for key in ("value", "because"):
            if not entry.get(key):
                raise self._broken(entry, f"A ceiling has no `{key}`.", "Give `value` and `because`, or `limit`.")
        margin = self.number(entry.get("margin", "1"))
        return Ceiling(entry["metric"], self.number(entry["value"]), str(entry["because"]), margin)

    def limit(self, entry: Mapping[str, Any]) -> Limit:
        limit = mapping(entry["limit"])
        file, container = limit.get("file"), limit.get("container")
        if not isinstance(file, Text) or not isinstance(container, Text):
            raise self._broken(entry, "A `limit` needs `file` and `container`.", "Give both.")
        return Limit(entry["metric"], file, container, self.number(entry.get("margin", "1")))

    def number(self, text: Any) -> float:
        try:
            return float(text)
        except (TypeError, ValueError):
            raise self._broken(text, f"`{text}` is no number.", "Write one, such as 60 or 1.5.") from None

    def _broken(self, thing: Any, what: str, todo: str) -> Broken:
        return Broken(self.source, place_of(thing), what, todo)
