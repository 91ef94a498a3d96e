"""`artisan drill` from its options to its exit status."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console

from artisan.drill.course import Course, Verdict
from artisan.drill.coverage import UnknownAlert, alert_names, chosen
from artisan.drill.rehearsal import Rehearsal
from artisan.drill.report.files import Circumstances, write
from artisan.drill.report.show import Show
from artisan.drill.report.versions import versions
from artisan.drill.scenario import Undrilled
from artisan.drill.stack.configuration import BadConfiguration, check
from artisan.drill.stack.deafness import Deafness
from artisan.drill.stack.stage import Script
from artisan.stack import alertmanager, tools, valkey
from artisan.stack.supervisor import StartFailed
from artisan.stack.tools import Tools

ALL_HEARD, NOT_HEARD, COULD_NOT_RUN, BROKEN_OFF = 0, 1, 2, 130


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    alerts: tuple[str, ...]
    """Empty: all."""
    monitoring: Path
    state: Path
    """Where `artisan up` keeps the programs that it has fetched."""
    factor: float = 20.0
    report: Path | None = None
    deaf: Deafness | None = None
    keep: bool = False
    list_only: bool = False


class CannotRun(Exception):
    """A rehearsal cannot begin; the message says why and what to do."""


async def run(options: Options, console: Console) -> int:
    """Play the drills until the last or Ctrl-C; returns the exit status."""
    playing = asyncio.create_task(_run(options, Show(console)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, _cancel_once, playing)
    try:
        return await playing
    except asyncio.CancelledError:
        console.print("Broken off; everything is stopped.")
        return BROKEN_OFF
    except (CannotRun, UnknownAlert, BadConfiguration, StartFailed) as error:
        hint = " (with --keep)" if isinstance(error, StartFailed) else ""
        console.print(f"{error}{hint}", markup=False, highlight=False, soft_wrap=True)
        return COULD_NOT_RUN


def _cancel_once(task: asyncio.Task[int]) -> None:
    # A second signal must not break off the stopping, which has its own deadline.
    if not task.cancelling():
        task.cancel()


async def _run(options: Options, show: Show) -> int:
    known = alert_names(options.monitoring)
    drills, rest = chosen(options.alerts or known, known)
    if options.list_only:
        show.listing(drills, rest)
        return ALL_HEARD
    programs = _programs(options.state)
    check(programs, options.monitoring)
    courses: list[Course] = [_without_drill(each) for each in rest]
    began = time.time()
    with _folder(options.keep) as folder:
        show.begin(options.factor, str(folder), len(drills))
        deaf = {} if options.deaf is None else dict.fromkeys((drill.alert for drill in drills), options.deaf)
        script = Script(options.monitoring, folder, programs, options.factor, deaf)
        rehearsal = Rehearsal(script, tell=show.moment, report=show.part, say=show.remark)
        try:
            async with aclosing(rehearsal.play(drills)) as playing:
                async for course in playing:
                    show.end(course)
                    courses.insert(len(courses) - len(rest), course)
        finally:
            _keep(
                options,
                show,
                courses,
                Circumstances(began, time.time(), options.factor, str(options.monitoring), versions(programs)),
            )
    return ALL_HEARD if all(course.verdict.good for course in courses) else NOT_HEARD


def _keep(options: Options, show: Show, courses: list[Course], circumstances: Circumstances) -> None:
    """Also what a broken-off rehearsal has found."""
    if not any(course.moments for course in courses):
        return
    show.table(courses)
    if options.report:
        write(options.report, courses, circumstances)
        show.line(f"The report is in {options.report}")


def _without_drill(each: Undrilled) -> Course:
    return Course(each.alert, "", verdict=Verdict.UNDRILLED, reason=each.reason)


def _programs(state: Path) -> Tools:
    """Prometheus and the others. Raises CannotRun when one of them, or what the other parts need, is missing."""
    found = tools.find(state)
    missing = sorted({"prometheus", "promtool", "alertmanager", "amtool"} - found.programs.keys())
    if missing:
        names = ", ".join(missing)
        where = f"{names}: neither on PATH nor below {found.tree}"
        raise CannotRun(
            f"{where}; `{Path(sys.executable).name} -m artisan.stack.tools {state}` fetches what is missing"
        )
    reasons = (
        alertmanager.refused(found),
        valkey.missing(),
        None if find_spec("aiosmtpd") else "the mailbox needs the package aiosmtpd; run `make setup`",
    )
    if reason := next(filter(None, reasons), None):
        raise CannotRun(reason)
    return found


@contextmanager
def _folder(keep: bool) -> Iterator[Path]:
    """A folder for everything that the stacks write, gone afterwards unless it is to be kept."""
    folder = Path(tempfile.mkdtemp(prefix="artisan-drill-"))
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
