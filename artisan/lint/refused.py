"""What promtool refuses in files of rules beyond what lint itself looks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .documents import Broken
from .promql.promtool import refusal
from .sources.rules import RuleFile
from .text import Position

_LINE = re.compile(r"^\s*line (\d+): (.*)$")
_PLACE = re.compile(r"^(\d+):(\d+): (.*)$")
_RULE = re.compile(r'^group ".*?", rule \d+, "(.*?)": ')
# The first is told as promql/syntax; the second lint tells itself, and an older promtool does not know newer keys.
_TOLD = re.compile(r"could not parse expression|^field \S+ not found|^yaml: unmarshal errors:$")


def refused(file: RuleFile, root: Path, promtool: Path) -> Iterator[Broken]:
    """Why Prometheus would refuse a file in which lint itself finds no fault."""
    if not file.bare or file.faults:
        return
    path = root / file.source.path
    for said in (refusal(promtool, path) or "").splitlines():
        line, what = 1, said.removeprefix(f"{path}: ")
        if numbered := _LINE.match(said):
            line, what = int(numbered[1]), numbered[2]
        elif what == said:
            continue
        if placed := _PLACE.match(what):
            line, what = int(placed[1]), placed[3]
        if not _TOLD.search(what):
            yield _broken(file, line, what)


def _broken(file: RuleFile, line: int, what: str) -> Broken:
    rule = _RULE.match(what)
    declared = (*(alert.name for alert in file.alerts), *(recording.name for recording in file.recordings))
    names = [name for name in declared if rule and name == rule[1]]
    place = names[0] if names and line == 1 else Position(min(line, len(file.source.lines)), 1)
    return Broken(file.source, place, f"Prometheus refuses this file: {what.rstrip('.')}.", "Correct it.")
