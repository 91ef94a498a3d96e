"""How findings are shown: as text for a reader, as JSON for a program, as annotations on GitHub."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from .finding import Finding, Severity

_WIDEST = 160


@dataclass(frozen=True)
class Report:
    """What a run found; `waived` counts what was accepted."""

    findings: tuple[Finding, ...]
    files: int
    expressions: int
    waived: int

    @property
    def errors(self) -> int:
        """How many findings are errors."""
        return sum(finding.rule.severity is Severity.ERROR for finding in self.findings)

    @property
    def exit_code(self) -> int:
        """0 without errors, 1 with some."""
        return 1 if self.errors else 0

    @property
    def summary(self) -> str:
        """One line."""
        warnings = len(self.findings) - self.errors
        found = (
            f"{_count(self.errors, 'error')}, {_count(warnings, 'warning')}"
            if self.findings
            else "Nothing to complain of"
        )
        waived = f"; {self.waived} waived" if self.waived else ""
        return f"{found} in {_count(self.expressions, 'expression')} of {_count(self.files, 'file')}{waived}."


def as_text(report: Report) -> str:
    """Each finding with its line and a caret under it, then the summary."""
    return "\n".join([*(_block(finding) for finding in report.findings), report.summary])


def as_json(report: Report) -> str:
    """One object; lines and columns count from 1."""
    findings = [
        {
            "rule": finding.rule.id,
            "severity": finding.rule.severity,
            "file": finding.source.path,
            "line": finding.position.line,
            "column": finding.position.column,
            "width": finding.width,
            "subject": finding.subject,
            "message": finding.what,
            "advice": finding.todo,
            "quote": finding.quote,
        }
        for finding in report.findings
    ]
    totals = {
        "errors": report.errors,
        "warnings": len(report.findings) - report.errors,
        "waived": report.waived,
        "files": report.files,
        "expressions": report.expressions,
    }
    return json.dumps({"findings": findings, "summary": totals}, indent=2, ensure_ascii=False)


def as_github(report: Report) -> str:
    """GitHub's workflow commands, which annotate the lines of a pull request; then the summary."""
    return "\n".join([*(_annotation(finding) for finding in report.findings), report.summary])


FORMATS = {"text": as_text, "json": as_json, "github": as_github}


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _block(finding: Finding) -> str:
    line, column = finding.position
    subject = f"  {finding.subject}" if finding.subject else ""
    head = f"{finding.source.path}:{line}:{column}: {finding.rule.severity} {finding.rule.id}{subject}"
    return "\n".join([head, *_quotation(finding), f"  {finding.what}", f"  {finding.todo}", ""])


def _quotation(finding: Finding) -> Iterable[str]:
    """The line and the caret, cut where the line is longer than a terminal; a tab is as wide as anything else."""
    quote = finding.quote.replace("\t", " ")
    if not quote.strip():
        return []
    start = max(0, finding.position.column - 1 - _WIDEST // 2) if len(quote) > _WIDEST else 0
    shown = quote[start : start + _WIDEST]
    caret = finding.position.column - 1 - start
    width = max(1, min(finding.width, len(shown) - caret))
    number = f"{finding.position.line:>5} | "
    return [number + shown.rstrip(), " " * (len(number) - 2) + "| " + " " * caret + "^" * width]


def _annotation(finding: Finding) -> str:
    line, column = finding.position
    level = "error" if finding.rule.severity is Severity.ERROR else "warning"
    place = f"file={_escaped(finding.source.path)},line={line},col={column},endColumn={column + finding.width}"
    message = f"{finding.what} {finding.todo}"
    return f"::{level} {place},title={_escaped(finding.rule.id)}::{_escaped(message, inside=False)}"


def _escaped(text: str, *, inside: bool = True) -> str:
    """As GitHub wants it: in a property, commas and colons too."""
    pairs = [("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), *([(":", "%3A"), (",", "%2C")] if inside else [])]
    for raw, escaped in pairs:
        text = text.replace(raw, escaped)
    return text
