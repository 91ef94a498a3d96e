"""YAML read strictly: every value knows where it stands, and says in one sentence what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import yaml

_MOST_DIGITS = 300
_MOST_LEVELS = 50


class DeclarationError(ValueError):
    """One sentence: file, line, key, value and what is allowed."""


@dataclass(frozen=True)
class Entry:
    """A value of `file`; `path` is its key as in `slos[0].objective`, empty for the whole document."""

    file: str
    path: str
    node: yaml.Node

    def error(self, message: str) -> DeclarationError:
        """`message`, led by file and line."""
        return DeclarationError(f"{self.file}:{self.node.start_mark.line + 1}: {message}")

    def refused(self, wanted: str) -> DeclarationError:
        """The value is not what is wanted."""
        return self.error(f"{self._name()} is {self._shown()}; it must be {wanted}")

    def mapping(self, required: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Entry]:
        """Its values by key; raises DeclarationError for a key that is missing, unknown or there twice."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.refused(f"a mapping with {_listed(required)}")
        found: dict[str, Entry] = {}
        for key, value in self.node.value:
            self._add(found, key, value, allowed=[*required, *optional])
        for key in required:
            if key not in found:
                raise self.error(f'{self._name()} lacks "{key}"; it needs {_listed(required)}')
        return found

    def _add(self, found: dict[str, Entry], key: yaml.Node, value: yaml.Node, allowed: list[str]) -> None:
        name = Entry(self.file, "", key)
        inside = f" in {self.path}" if self.path else ""
        if not isinstance(key, yaml.ScalarNode) or key.value not in allowed:
            raise name.error(f"unknown key {name._shown()}{inside}; allowed are {_listed(allowed)}")
        if key.value in found:
            raise name.error(f'"{key.value}" is there twice{inside}; once is allowed')
        found[key.value] = Entry(self.file, f"{self.path}.{key.value}".lstrip("."), value)

    def sequence(self, wanted: str) -> list[Entry]:
        """Its values, at least one."""
        if not isinstance(self.node, yaml.SequenceNode) or not self.node.value:
            raise self.refused(wanted)
        return [Entry(self.file, f"{self.path}[{n}]", value) for n, value in enumerate(self.node.value)]

    def text(self, wanted: str = "a text") -> str:
        """A text that is not empty, without the white space around it."""
        if self._kind() != "str" or not self.node.value.strip():
            raise self.refused(wanted)
        return str(self.node.value).strip()

    def number(self, wanted: str = "a number") -> Decimal:
        """A number as it is written, so that 99.9 is 99.9."""
        try:
            number = Decimal(self.node.value) if self._kind() in {"int", "float"} else None
        except InvalidOperation:
            number = None
        # Written out, 1e999999999 would fill the memory.
        if number is None or not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
            raise self.refused(wanted)
        return number

    def _kind(self) -> str:
        return str(self.node.tag).rpartition(":")[2] if isinstance(self.node, yaml.ScalarNode) else ""

    def _name(self) -> str:
        return self.path or "the document"

    def _shown(self) -> str:
        if not isinstance(self.node, yaml.ScalarNode):
            kind = "list" if isinstance(self.node, yaml.SequenceNode) else "mapping"
            return f"a {kind}" if self.node.value else f"an empty {kind}"
        if self._kind() == "null":
            return "empty"
        value = " ".join(self.node.value.split())
        value = value if len(value) <= 60 else f"{value[:57]}..."
        return f'"{value}"' if self._kind() == "str" else value


def document(text: str, file: str) -> Entry:
    """The one document of `text`; raises DeclarationError when it is no YAML or empty."""
    try:
        _bound_depth(text, file)
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise DeclarationError(f"{file}:{line}: this is no valid YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise DeclarationError(f"{file}:1: this is no valid YAML: {str(error).splitlines()[0]}") from None
    if node is None:
        raise DeclarationError(f"{file}:1: the file is empty; it must be a mapping")
    return Entry(file, "", node)


def _bound_depth(text: str, file: str) -> None:
    """Refuse what is nested too deeply to be composed; events are read without recursion."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MOST_LEVELS:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise DeclarationError(f"{file}:{line}: the file is nested {depth} levels deep; {_MOST_LEVELS} are allowed")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
