"""YAML and JSON files as trees of dicts and lists whose strings know where they stand.

Every YAML scalar is a string here: `5m`, `1` and `yes` mean what their reader says, not what YAML guesses.
"""

from __future__ import annotations

import json
import json.decoder
import json.scanner
from pathlib import Path
from typing import Any

import yaml

from .text import Position, Source, Text

MAX_BYTES = 20 * 1024 * 1024
_MAX_DEPTH = 100
# libyaml is twenty times as fast; where it is missing, Python's own does the same.
_YAML: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Unreadable(Exception):
    """A path that cannot be read at all; the text is one sentence with the way out."""


class Broken(Exception):
    """A file that is read but is not what it should be: where, what, and what to do."""

    def __init__(self, source: Source, at: Text | Position, what: str, todo: str) -> None:
        super().__init__(what)
        self.source, self.at, self.what, self.todo = source, at, what, todo


def read(path: Path, shown: str) -> Source:
    """The file as text; raises Unreadable, or Broken when it is empty or no text."""
    try:
        if path.is_dir():
            raise Unreadable(f"{shown} is a directory: name the files in it, for example {shown.rstrip('/')}/*.yml")
        if not path.is_file():
            raise Unreadable(f"{shown} does not exist or is not a regular file: look at its spelling")
        if (size := path.stat().st_size) > MAX_BYTES:
            raise Unreadable(
                f"{shown} has {size / 2**20:.0f} MiB, and lint reads at most {MAX_BYTES / 2**20:.0f}: split it"
            )
        raw = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{shown} cannot be read ({error.strerror}): look at its permissions") from error
    try:
        source = Source(shown, raw.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        source = Source(shown, "")
        what = f"byte {error.start + 1} is not UTF-8, so this is no text file"
        raise Broken(source, Position(1, 1), what, "Give a text file, or save this one as UTF-8.") from error
    if not source.content.strip():
        raise Broken(source, Position(1, 1), "The file is empty.", "Fill it, or leave it out.")
    return source


def parse_yaml(source: Source) -> Any:
    """The first document of a YAML file that is not empty; raises Broken as parse_all does."""
    return next(iter(parse_all(source)), None)


def parse_all(source: Source) -> list[Any]:
    """The documents of a YAML file, but for empty ones; raises Broken where it is no YAML or nested too deeply."""
    try:
        _bound_depth(source)
        loader = _loader(source)(source.content)
        try:
            found: list[Any] = []
            while loader.check_data():
                found.append(loader.get_data())
            return [document for document in found if document not in (None, "")]
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Position(mark.line + 1, mark.column + 1) if mark else Position(1, 1)
        raise Broken(
            source, at, f"This is no YAML: {error.problem or error}.", "Mend the syntax of the line."
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        what = f"This is no YAML: {' '.join(str(error).split())}."
        raise Broken(source, Position(1, 1), what, "Mend the syntax.") from error


def _bound_depth(source: Source) -> None:
    """Refuse what is nested so deeply that building it would overflow the stack; events are read without recursion."""
    depth = 0
    for event in yaml.parse(source.content, Loader=_YAML):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        mark = event.start_mark
        if depth > _MAX_DEPTH and mark is not None:
            at = Position(mark.line + 1, mark.column + 1)
            raise Broken(source, at, f"The file is nested more than {_MAX_DEPTH} levels deep.", "No file of rules is.")


def _loader(source: Source) -> Any:
    """A loader class whose strings know that they stand in `source`."""

    class Loader(_YAML):  # type: ignore[misc]  # chosen at run time
        def construct_scalar(self, node: yaml.ScalarNode) -> Text:
            start, end = node.start_mark.index, node.end_mark.index
            if node.style in {"|", ">"}:
                start = min(end, source.content.find("\n", start) + 1)
            elif node.style in {"'", '"'}:
                start, end = start + 1, end - 1
            return Text.of(node.value, source, start, end, escapes=node.style == '"')

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            seen: set[str] = set()
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode) and key.value in seen:
                    at = Position(key.start_mark.line + 1, key.start_mark.column + 1)
                    what = f"The key `{key.value}` stands twice in one mapping."
                    raise Broken(source, at, what, "Keep one of them.")
                if isinstance(key, yaml.ScalarNode):
                    seen.add(key.value)
            found: dict[Any, Any] = super().construct_mapping(node, deep=True)
            merged = found.pop("<<", None)
            bases = merged if isinstance(merged, list) else [merged]
            return {name: value for base in reversed(bases) for name, value in mapping(base).items()} | found

    return Loader


def parse_json(source: Source) -> Any:
    """A JSON file; raises Broken where it is no JSON or nested too deeply."""
    try:
        return _decoder(source).decode(source.content)
    except json.JSONDecodeError as error:
        at = Position(error.lineno, error.colno)
        raise Broken(source, at, f"This is no JSON: {error.msg}.", "Mend the syntax of the line.") from error
    except RecursionError as error:
        raise Broken(source, Position(1, 1), "The file is nested too deeply.", "No dashboard is.") from error


def _decoder(source: Source) -> json.JSONDecoder:
    """json's own decoder in Python, with strings that know where they stand."""

    def located(content: str, start: int, strict: bool = True) -> tuple[Text, int]:
        value, end = json.decoder.scanstring(content, start, strict)  # type: ignore[attr-defined]
        return Text.of(value, source, start, end - 1, escapes=True), end

    decoder: Any = json.JSONDecoder()
    decoder.parse_string = located
    decoder.scan_once = json.scanner.py_make_scanner(decoder)  # type: ignore[attr-defined]
    return decoder  # type: ignore[no-any-return]


def mapping(value: Any) -> dict[Any, Any]:
    """The value if it is a mapping, else an empty one: what is optional may be of any form."""
    return value if isinstance(value, dict) else {}


def mappings(value: Any) -> list[dict[Any, Any]]:
    """The mappings in a list; nothing if it is none."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def place_of(thing: Any) -> Text | Position:
    """A text of a part of a file, since the part itself has no position; else the file's beginning."""
    if isinstance(thing, Text):
        return thing
    parts = thing if isinstance(thing, dict | list) else ()
    return next((place for part in parts if isinstance(place := place_of(part), Text)), Position(1, 1))
