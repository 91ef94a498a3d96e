"""Documents: the blocks of ```promql, several expressions each, and what `query '…'` asks in a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from artisan.lint.query import Kind, Query, query
from artisan.lint.text import Source

_BLOCK = re.compile(r"(?ms)^[ ]*```promql[^\n]*\n(.*?)^[ ]*```")
_SHELL = re.compile(r"(?m)^\s*query '([^'\n]+)'")
_HEADING = re.compile(r"(?m)^#{1,6}[ \t]+(.+?)[ \t]*#*$")
_FENCED = re.compile(r"(?ms)^[ ]*```.*?^[ ]*```")


def read_document(source: Source) -> list[Query]:
    """Every expression of a document, in its order."""
    spans = [span for block in _BLOCK.finditer(source.content) for span in _expressions(block[1], block.start(1))]
    spans += [found.span(1) for found in _SHELL.finditer(source.content)]
    texts = [source.slice(*span) for span in sorted(spans)]
    return [query(text, Kind.DOCUMENT, "") for text in texts]


def _expressions(block: str, offset: int) -> Iterator[tuple[int, int]]:
    """Expressions of a block are parted by comments and by empty lines."""
    for part in re.finditer(r"(?:^[ \t]*[^#\s][^\n]*\n?)+", block, re.MULTILINE):
        text = part[0].rstrip()
        start = part.start() + len(text) - len(text.lstrip())
        yield offset + start, offset + part.start() + len(text)


def anchors(content: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a document, and those set by hand."""
    prose = _FENCED.sub("", content)
    found: set[str] = set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", prose))
    for heading in _HEADING.findall(prose):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.add(next(name for name in (slug, *(f"{slug}-{n}" for n in range(1, 1000))) if name not in found))
    return found
