"""The evidence of a rehearsal, kept: `drill.md` for people, `drill.json` for programs, `drill.svg` for both."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from artisan.drill.course import Course, Step
from artisan.drill.report.chart import chart
from artisan.drill.report.show import row


@dataclass(frozen=True)
class Circumstances:
    """Under which a rehearsal took place."""

    began: float
    ended: float
    """Unix time."""
    factor: float
    monitoring: str
    versions: Mapping[str, str]

    @property
    def machine(self) -> str:
        """What it ran on."""
        memory = psutil.virtual_memory().total / 1024**3
        return f"{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores, {memory:.0f} GiB of memory"


def write(folder: Path, courses: Sequence[Course], circumstances: Circumstances) -> None:
    """Write the three files, over those that are there. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "drill.md").write_text(markdown(courses, circumstances), encoding="utf-8")
    (folder / "drill.json").write_text(as_json(courses, circumstances), encoding="utf-8")
    (folder / "drill.svg").write_text(chart(courses), encoding="utf-8")


def markdown(courses: Sequence[Course], circumstances: Circumstances) -> str:
    """The report for people."""
    lines = [
        *_head(circumstances),
        "Seconds since the fault:",
        "",
        "| alert | fault | pending | firing | mail | resolved | beyond `for` | verdict |",
        "|---|---|--:|--:|--:|--:|--:|---|",
        *(f"| {' | '.join(map(_cell, (*row(course), course.verdict)))} |" for course in courses),
        "",
        "*Beyond `for`* is the time to detect: from the first evaluation at which the expression held",
        "to the mail in the mailbox, beyond the alert's `for`.",
    ]
    for course in courses:
        lines += ["", *_section(course)]
    return "\n".join([*lines, ""])


def _head(circumstances: Circumstances) -> Iterator[str]:
    took = circumstances.ended - circumstances.began
    versions = ", ".join(f"{name} {version}" for name, version in circumstances.versions.items())
    yield "# Rehearsal of the alarms"
    yield ""
    yield f"{_day(circumstances.began)}, {took:.0f} s in all. Time in rules and intervals was compressed"
    yield f"{circumstances.factor:g} times; thresholds, Alertmanager's waits and the application's time-outs were not."
    yield ""
    yield f"{versions}; {circumstances.machine}; rules from `{circumstances.monitoring}`."
    yield ""
    yield "![Each drill from its fault to the mail that it is over](drill.svg)"
    yield ""


def _section(course: Course) -> Iterator[str]:
    yield f"## {course.alert}"
    yield ""
    yield f"{course.story}: **{course.verdict}**{f' ({course.reason})' if course.reason else ''}."
    if course.moments:
        began = course.moments[0].at
        yield ""
        yield from (f"- {each.at - began:.2f} s **{each.step}** {_cell(each.note)}" for each in course.moments)
    if course.hops:
        yield "\nThe way of the signal:\n"
        for hop in course.hops:
            yield f"- {'reached' if hop.reached else '**lost**'}: {hop.name}. {_cell(hop.finding)}"
            yield from (f"  - {_cell(detail)}" for detail in hop.details)
    if course.others:
        yield f"\nAlso fired: {', '.join(course.others)}."
    if course.query:
        yield f"\nAs evaluated, with `for` {course.hold:g} s:\n\n```promql\n{course.query}\n```"
    if course.mail:
        yield f"\nThe mail:\n\n```text\n{course.mail.strip()}\n```"


def as_json(courses: Sequence[Course], circumstances: Circumstances) -> str:
    """The report for programs; times are Unix time, durations seconds."""
    content = {
        "began": circumstances.began,
        "ended": circumstances.ended,
        "factor": circumstances.factor,
        "monitoring": circumstances.monitoring,
        "versions": dict(circumstances.versions),
        "machine": circumstances.machine,
        "drills": [_entry(course) for course in courses],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _entry(course: Course) -> dict[str, Any]:
    lost = course.lost_at
    return {
        "alert": course.alert,
        "fault": course.story,
        "labels": dict(course.labels),
        "verdict": str(course.verdict),
        "reason": course.reason,
        "query": course.query,
        "for": course.hold,
        "value": course.value,
        "seconds_beyond_for": course.beyond,
        "goal": course.goal,
        "floor": course.floor,
        "moments": [{"step": str(each.step), "at": each.at, "note": each.note} for each in course.moments],
        "mail_subject": next((each.note for each in course.moments if each.step is Step.MAIL), None),
        "also_fired": list(course.others),
        "lost_at": lost.name if lost else None,
        "hops": [
            {"name": hop.name, "reached": hop.reached, "finding": hop.finding, "details": list(hop.details)}
            for hop in course.hops
        ],
    }


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _cell(text: str) -> str:
    """In a table of Markdown, or a list, on one line."""
    return " ".join(str(text).split()).replace("|", "\\|")
