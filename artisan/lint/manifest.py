"""The memory limit of a container, from a Compose file or from Kubernetes manifests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .documents import Broken, mapping, mappings, parse_yaml, place_of
from .text import Position, Source, Text

_SIZE = re.compile(r"(\d+(?:\.\d*)?(?:[eE]\d{1,3})?)\s*([a-zA-Z]*)$")
_KUBERNETES: dict[str, float] = {
    "": 1,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
}
_COMPOSE: dict[str, float] = {"": 1, "b": 1, "k": 2**10, "kb": 2**10, "m": 2**20, "mb": 2**20, "g": 2**30, "gb": 2**30}


def memory_limits(source: Source, container: str) -> list[tuple[Text, float]]:
    """Every limit of the container that a manifest sets, as it is written and in bytes.

    Raises Broken when the manifest does not know the container. A container without a limit has none to reach.
    """
    parts = re.split(r"(?m)^---[ \t]*$", source.content)
    documents = [parse_yaml(_padded(source, parts, index)) for index, part in enumerate(parts) if part.strip()]
    found = [place for document in documents for place in _containers(document, container)]
    if not found:
        raise Broken(
            source, Position(1, 1), f"The manifest has no container `{container}`.", "Correct the entry of `ceilings`."
        )
    return [(text, _bytes(source, text, sizes)) for text, sizes in found if text is not None]


def _padded(source: Source, parts: list[str], index: int) -> Source:
    """One document of several, on the lines where it stands in the file."""
    before = sum(part.count("\n") for part in parts[:index])
    return Source(source.path, "\n" * before + parts[index])


def _containers(document: Any, name: str) -> Iterator[tuple[Any, dict[str, float]]]:
    """The memory limit of each container of this name, and the suffixes that its format uses."""
    if isinstance(document, dict) and isinstance(document.get("services"), dict):
        if isinstance(service := document["services"].get(name), dict):
            deployed = mapping(mapping(mapping(service.get("deploy")).get("resources")).get("limits"))
            yield service.get("mem_limit") or deployed.get("memory"), _COMPOSE
    elif isinstance(document, dict):
        for container in mappings(document.get("containers")):
            if container.get("name") == name:
                yield mapping(mapping(container.get("resources")).get("limits")).get("memory"), _KUBERNETES
        for part in document.values():
            yield from _containers(part, name)
    elif isinstance(document, list):
        for part in document:
            yield from _containers(part, name)


def _bytes(source: Source, text: Any, sizes: dict[str, float]) -> float:
    found = _SIZE.match(text.strip()) if isinstance(text, Text) else None
    factor = sizes.get(found[2], sizes.get(found[2].lower())) if found else None
    if found is None or factor is None:
        raise Broken(
            source,
            place_of(text),
            f"`{text}` is no amount of memory.",
            "Write one such as 6Gi (Kubernetes) or 6g (Compose).",
        )
    return float(found[1]) * factor
