"""What a rehearsal prints: each moment as it happens, a table at the end; plain lines where there is no terminal."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from artisan.drill.course import Course, Moment, Step, Verdict
from artisan.drill.scenario import Scenario, Undrilled
from artisan.stack.part import Event, State

_STEP_WIDTH = 10
_STYLES = {
    Step.FAULT: "bold",
    Step.HOLDS: "yellow",
    Step.FIRING: "red",
    Step.MAIL: "bold red",
    Step.REMOVED: "bold",
    Step.RESOLVED: "bold green",
}
_WORDS = {Step.REMOVED: "mended", Step.SHOWN: "shows"}
_NOTES = {Step.FAULT: "begins", Step.REMOVED: "the fault is removed", Step.INACTIVE: "the alert is over"}
_TROUBLES = {State.FAILED, State.RESTARTING}


class Show:
    """Prints to one console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def line(self, text: Text | str = "", style: str = "") -> None:
        """One line. It is not wrapped: a terminal wraps by itself, and a file needs none of it."""
        self._console.print(text, style=style, soft_wrap=True, markup=False, highlight=False)

    def begin(self, factor: float, folder: str, count: int) -> None:
        """Before everything."""
        drills = f"{count} drill{'s' if count != 1 else ''}"
        self.line(f"{drills}, time in rules compressed {factor:g} times; starting the stack in {folder}")

    def part(self, event: Event) -> None:
        """What the supervisor tells, of which only troubles are worth a line."""
        if event.state in _TROUBLES:
            self.line(f"  {event.name} {event.state}: {event.note}", "dim")

    def remark(self, text: str) -> None:
        """Something that is done between drills."""
        self.line(f"  {text}", "dim")

    def moment(self, course: Course, moment: Moment) -> None:
        """A step of a drill, with the seconds since its fault."""
        if moment.step is Step.FAULT:
            self.line()
            self.line(self._title(course, moment.at))
        since = moment.at - (course.at(Step.FAULT) or moment.at)
        word = _WORDS.get(moment.step, moment.step.value)
        text = Text(f"  {since:6.1f} s  ").append(f"{word:<{_STEP_WIDTH}}", _STYLES.get(moment.step, ""))
        self.line(text.append(moment.note or _NOTES.get(moment.step, "")))

    def _title(self, course: Course, at: float) -> Text:
        clock = datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S")
        return Text(course.alert, "bold").append(f"  {course.story}", "not bold").append(f"  ({clock})", "dim")

    def end(self, course: Course) -> None:
        """What came of a drill."""
        if not course.moments:
            self.line()
            self.line(self._title(course, time.time()))
        self.line(Text("  ").append_text(verdict(course)).append(f": {_outcome(course)}" if _outcome(course) else ""))
        for hop in course.hops:
            mark = Text("    ✓ ", "green") if hop.reached else Text("    ✗ ", "bold red")
            self.line(mark.append(f"{hop.name}: {hop.finding}", "" if hop.reached else "bold"))
            for detail in hop.details:
                self.line(f"      {detail}")

    def table(self, courses: Sequence[Course]) -> None:
        """All drills at a glance; times in seconds since the fault."""
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for column in ("alert", "fault"):
            table.add_column(column, no_wrap=column == "alert")
        for column in ("pending", "firing", "mail", "resolved", "beyond `for`"):
            table.add_column(column, justify="right", no_wrap=True)
        table.add_column("verdict", no_wrap=True)
        for course in courses:
            table.add_row(*row(course), verdict(course))
        self.line()
        wide = self._console if self._console.is_terminal else Console(file=self._console.file, width=160)
        wide.print(table)
        self._sum_up(courses)

    def _sum_up(self, courses: Sequence[Course]) -> None:
        heard = sum(course.verdict in {Verdict.HEARD, Verdict.LATE} for course in courses)
        self.line()
        played = sum(course.verdict is not Verdict.UNDRILLED for course in courses)
        self.line(f"{heard} of {played} alarms were heard.", "bold")
        for course in courses:
            if course.verdict in {Verdict.REFUSED, Verdict.UNDRILLED}:
                self.line(f"  {course.alert} {course.verdict}: {course.reason}")
            elif not course.verdict.good:
                lost = course.lost_at
                why = f"lost at the {lost.name}: {lost.finding}" if lost else course.reason
                self.line(f"  {course.alert} {course.verdict}, {why}")

    def listing(self, drills: Iterable[Scenario], rest: Iterable[Undrilled]) -> None:
        """What can be rehearsed."""
        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
        for drill in drills:
            table.add_row(Text(drill.alert, "bold"), drill.impossible() or drill.story)
        for each in rest:
            table.add_row(Text(each.alert, "bold"), Text(f"no drill: {each.reason}", "yellow"))
        self._console.print(table)


def row(course: Course) -> tuple[str, ...]:
    """A course in a table, but for its verdict: alert, fault, pending, firing, mail, resolved, beyond `for`."""
    times = (course.between(Step.FAULT, step) for step in (Step.HOLDS, Step.FIRING, Step.MAIL, Step.RESOLVED))
    beyond = "" if course.beyond is None else f"{course.beyond:.1f} s"
    return (course.alert, course.story, *("" if time is None else f"{time:.1f}" for time in times), beyond)


def verdict(course: Course) -> Text:
    """The verdict in its colour."""
    if course.verdict in {Verdict.REFUSED, Verdict.UNDRILLED, Verdict.LATE}:
        return Text(course.verdict, "yellow")
    return Text(course.verdict, "green" if course.verdict.good else "bold red")


def _outcome(course: Course) -> str:
    if course.beyond is None or not course.verdict.good:
        return course.reason
    early = "; its group at Alertmanager was still open" if course.beyond < course.waits else ""
    others = f"; also fired: {', '.join(course.others)}" if course.others else ""
    return f"{course.beyond:.1f} s beyond `for` (goal {course.goal:.1f}, floor {course.floor:.1f}){early}{others}"
