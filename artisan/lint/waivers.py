"""Findings that are accepted, each with a reason: in the configuration, or in a comment beside what it is about.

    # lint: ignore[ratio/floor] The other side of the ratio has one.

The comment stands at the end of the line that the finding is about, in the lines of comments right above it or above
the `expr:` that it stands in, be that of several lines, or above the rule that it belongs to. In Markdown it is
`<!-- lint: ignore[…] … -->`, above a line or a block of code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from .config import Waiver
from .finding import Finding, Rule, Severity, at
from .text import Source, Text

UNUSED = Rule("waiver/unused", Severity.WARNING, "a waiver waives something")
REASON = Rule("waiver/reason", Severity.ERROR, "a waiver has a reason, and names a rule that exists")
_IGNORE = r"lint:[ \t]*ignore\[(?P<rule>[^\]\n]*)\][ \t]*(?P<reason>.*?)[ \t]*"
_COMMENT = re.compile(rf"(?m)(?:^|(?<=\s))#[ \t]*{_IGNORE}$")
_IN_MARKDOWN = re.compile(rf"(?m)^[ \t]*<!--[ \t]*{_IGNORE}-->[ \t]*$")
_FENCE = "```"
_VALUE = re.compile(r"^[ \t-]*[\w.\"'-]+:[ \t]+\S|^[ \t-]*expr:[ \t]*$")
# What cannot be read has no other findings, so nobody knows what its waivers would waive.
_UNREAD = {"file/broken", "promql/syntax"}


@dataclass(eq=False)
class _Comment:
    """A comment that waives; `lines` are those that it is about."""

    rule: Text
    reason: str
    source: Source
    lines: frozenset[int]
    used: bool = field(default=False)

    def about(self, finding: Finding) -> bool:
        """Whether it waives a finding: one without a reason waives nothing."""
        same = self.rule == finding.rule.id and self.source.path == finding.source.path
        return same and bool(self.reason) and bool(self.lines & {finding.position.line, finding.scope})


class Waivers:
    """All waivers of a run; what is waived is remembered, so that the rest can be told."""

    def __init__(self, listed: Iterable[Waiver], sources: Iterable[Source], rules: Iterable[str]) -> None:
        self._listed = dict.fromkeys(listed, False)
        self._comments = [comment for source in sources for comment in _comments(source)]
        self._rules = frozenset(rules)
        self._unread: set[str] = set()

    def waives(self, finding: Finding) -> bool:
        """Whether a finding is accepted."""
        waived = False
        if finding.rule.id in _UNREAD:
            self._unread.add(finding.source.path)
        for waiver in self._listed:
            if waiver.rule == finding.rule.id and _about(waiver.where, finding):
                self._listed[waiver] = waived = True
        for comment in self._comments:
            if comment.about(finding):
                comment.used = waived = True
        return waived

    def faults(self, *, whole: bool) -> Iterator[Finding]:
        """Waivers without a reason or for no rule, and those that waived nothing; listed ones in a `whole` run only."""
        for waiver, used in self._listed.items():
            if waiver.rule not in self._rules:
                yield at(REASON, waiver.rule, f"There is no rule `{waiver.rule}`.", "docs/lint.md lists the rules.")
            elif whole and not used and not any(fnmatchcase(path, _path(waiver)) for path in self._unread):
                yield at(UNUSED, waiver.rule, f"This waiver of `{waiver.where}` waives nothing.", "Take it away.")
        for comment in self._comments:
            if comment.rule not in self._rules:
                yield at(REASON, comment.rule, f"There is no rule `{comment.rule}`.", "docs/lint.md lists the rules.")
            elif not comment.reason:
                yield at(REASON, comment.rule, "This waiver gives no reason.", "Write one behind the bracket.")
            elif not comment.used and comment.source.path not in self._unread:
                yield at(UNUSED, comment.rule, "This waiver waives nothing.", "Take it away.")


def _path(waiver: Waiver) -> str:
    return waiver.where.partition(":")[0]


def _about(where: str, finding: Finding) -> bool:
    path, _, subject = where.partition(":")
    return fnmatchcase(finding.source.path, path) and (not subject or fnmatchcase(finding.subject, subject))


def _comments(source: Source) -> Iterator[_Comment]:
    markdown = source.path.endswith((".md", ".markdown"))
    for found in (_IN_MARKDOWN if markdown else _COMMENT).finditer(source.content):
        rule = source.slice(*found.span("rule"))
        lines = _lines(source, rule.position().line)
        yield _Comment(rule, found["reason"], source, frozenset(lines))


def _lines(source: Source, line: int) -> Iterator[int]:
    """The line of a comment, and, if nothing else stands on it, all down to the first that is no comment.

    Where that one begins a block of code, the whole block; where it begins a value (`expr: |`, `expr: a and`), all
    of the value.
    """
    yield line
    while _starts(source, line, "#", "<!--"):
        line += 1
        yield line
    if _starts(source, line, _FENCE):
        yield from _until(source, line + 1, lambda below: below.lstrip().startswith(_FENCE))
    elif line <= len(source.lines) and _VALUE.search(source.lines[line - 1]):
        indent = _indent(source.lines[line - 1])
        yield from _until(source, line + 1, lambda below: below.strip() != "" and _indent(below) <= indent)


def _until(source: Source, line: int, ends: Callable[[str], bool]) -> Iterator[int]:
    while line <= len(source.lines) and not ends(source.lines[line - 1]):
        yield line
        line += 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" -"))


def _starts(source: Source, line: int, *marks: str) -> bool:
    return line <= len(source.lines) and source.lines[line - 1].lstrip().startswith(marks)
