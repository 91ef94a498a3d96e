"""The supervisor with real processes: starting, watching, restarting, stopping."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from artisan.stack.part import Event, Restart, State
from artisan.stack.process import group_lives
from artisan.stack.supervisor import StartFailed, Supervisor

from .conftest import Journal, Script, Told

_NOTES_STOP = "signal.signal(signal.SIGTERM, lambda *_: (note({name!r}), os._exit(0)))\nrun()"
_QUICK = Restart(first=0.01, factor=2.0, most=0.04)


async def test_a_part_starts_when_those_it_comes_after_are_ready(script: Script, told: Told, tmp_path: Path) -> None:
    """READY of a dependency comes before STARTING of what depends on it, whatever the order in the spec."""
    parts = [script("c", after=("b",)), script("b", after=("a",)), script("a")]
    async with Supervisor(parts, logs=tmp_path, report=told) as supervisor:
        await supervisor.started()
    steps = [(event.name, event.state) for event in told.events if event.state is not State.STOPPED]
    assert steps == [(name, state) for name in "abc" for state in (State.STARTING, State.READY)]


async def test_parts_that_do_not_depend_on_each_other_start_side_by_side(
    script: Script, journal: Journal, tmp_path: Path
) -> None:
    """Each of these waits for the other before it is ready: one after the other they would never be."""
    code = "note({me!r})\nwhile {other!r} not in open({journal!r}).read().split(): time.sleep(0.01)\nrun()"
    pair = [("x", "y"), ("y", "x")]
    parts = [script(me, code.format(me=me, other=other, journal=str(journal.path))) for me, other in pair]
    async with Supervisor(parts, logs=tmp_path) as supervisor:
        await supervisor.started()
        assert supervisor.states == {"x": State.READY, "y": State.READY}


async def test_a_dependency_that_is_not_in_the_spec_is_not_waited_for(script: Script, tmp_path: Path) -> None:
    """A part that was left out must not keep the others from starting."""
    async with Supervisor([script("a", after=("absent",))], logs=tmp_path) as supervisor:
        await supervisor.started()
        assert supervisor.states["a"] is State.READY


async def test_a_crashed_part_is_started_again_after_growing_waits(
    script: Script, told: Told, journal: Journal, tmp_path: Path
) -> None:
    """The first three runs die after they were ready; each time it waits twice as long, and tells the last words."""
    code = f"note('run')\nready()\nif open({str(journal.path)!r}).read().count('run') < 4:\n"
    code += "    asked.wait(); print('last words', flush=True); os._exit(3)\ntime.sleep(60)"
    async with Supervisor([script("a", code, restart=_QUICK)], logs=tmp_path, report=told):
        await told.until("a", State.READY, times=4)
    assert [event.note for event in told.of("a", State.RESTARTING)] == [
        f"ended with exit status 3; starts again in {wait} s\n  | last words" for wait in (0.01, 0.02, 0.04)
    ]


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30))
def test_waits_grow_up_to_a_limit_and_begin_anew_after_health(lives: list[float]) -> None:
    """Within [first, most] always; doubled after a short life; the first wait again after a long one."""
    restart = Restart(first=1, factor=2, most=16, healthy_after=30)
    wait: float | None = None
    for ready_for in lives:
        before, wait = wait, restart.next(wait, ready_for)
        expected = 1 if before is None or ready_for >= 30 else min(before * 2, 16)
        assert wait == expected


async def test_what_a_crashed_part_forked_is_ended_before_it_starts_again(
    script: Script, told: Told, journal: Journal, tmp_path: Path
) -> None:
    """Otherwise the child would keep the port, the files or the memory of the run that died."""
    code = f"ready()\nif not os.path.exists({str(journal.path)!r}):\n"
    code += "    note(str(os.getpid())); fork(); asked.wait(); os._exit(1)\ntime.sleep(60)"
    async with Supervisor([script("a", code, restart=_QUICK, stop_grace=0.1)], logs=tmp_path, report=told):
        await told.until("a", State.READY, times=2)
        assert not group_lives(int(journal.lines()[0]))


async def test_a_part_that_dies_at_start_is_told_with_its_last_lines_and_the_rest_runs(
    script: Script, told: Told, tmp_path: Path
) -> None:
    """It is not tried again, and what comes after it starts without it."""
    parts = [
        script("broken", "print('no such setting')\nsys.exit(2)", way_out="mend the setting"),
        script("other", after=("broken",)),
    ]
    async with Supervisor(parts, logs=tmp_path, report=told) as supervisor:
        await supervisor.started()
        assert supervisor.states == {"broken": State.FAILED, "other": State.READY}
    assert told.of("broken", State.FAILED)[0].note == "ended with exit status 2; mend the setting\n  | no such setting"


async def test_a_program_that_does_not_exist_is_told(script: Script, told: Told, tmp_path: Path) -> None:
    """The sentence names the program."""
    part = replace(script("a"), argv=("no-such-program",))
    async with Supervisor([part], logs=tmp_path, report=told) as supervisor:
        await supervisor.started()
    assert told.of("a", State.FAILED)[0].note == "cannot be run: No such file or directory: no-such-program"


async def test_a_part_that_is_not_ready_in_time_is_stopped(
    script: Script, told: Told, journal: Journal, tmp_path: Path
) -> None:
    """A process that hangs is not left half alive."""
    part = script("a", "note(str(os.getpid()))\ntime.sleep(60)", ready_within=0.3)
    async with Supervisor([part], logs=tmp_path, report=told) as supervisor:
        await supervisor.started()
        assert not group_lives(int(journal.lines()[0]))
    assert told.of("a", State.FAILED)[0].note == "is not ready after 0.3 s"


async def test_without_an_essential_part_nothing_runs(script: Script, told: Told, tmp_path: Path) -> None:
    """The start fails at once, though another part is not ready yet, and names the log."""
    parts = [script("slow", "time.sleep(60)"), script("heart", "sys.exit(1)", essential=True)]
    with pytest.raises(StartFailed, match=r"Nothing runs without heart.*heart\.log"):
        async with Supervisor(parts, logs=tmp_path, report=told) as supervisor:
            await supervisor.started()
    assert told.names(State.STOPPED) == ["slow"]


async def test_parts_stop_in_the_reverse_order_of_their_start(
    script: Script, told: Told, journal: Journal, tmp_path: Path
) -> None:
    """TERM comes to a part only when all that depend on it have ended."""
    parts = [
        script(name, _NOTES_STOP.format(name=name), after=after)
        for name, after in (("a", ()), ("b", ("a",)), ("c", ("b",)))
    ]
    async with Supervisor(parts, logs=tmp_path, report=told) as supervisor:
        await supervisor.started()
    assert journal.lines() == ["c", "b", "a"]
    assert told.names(State.STOPPED) == ["c", "b", "a"]


async def test_no_process_is_left_even_when_a_part_forks_and_ignores_term(
    script: Script, journal: Journal, tmp_path: Path
) -> None:
    """After the grace, KILL goes to the whole process group."""
    code = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nfork()\nnote(str(os.getpid()))\nrun()"
    async with Supervisor([script("a", code, stop_grace=0.2)], logs=tmp_path) as supervisor:
        await supervisor.started()
        group = int(journal.lines()[0])
        assert group_lives(group)
    assert not group_lives(group)


async def test_a_stop_takes_no_longer_than_it_may(script: Script, tmp_path: Path) -> None:
    """Whatever the graces of a chain of parts add up to, here to 90 s."""
    stubborn = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nrun()"
    parts = [
        script(name, stubborn, stop_grace=30, after=after) for name, after in (("a", ()), ("b", ("a",)), ("c", ("b",)))
    ]
    async with Supervisor(parts, logs=tmp_path, stop_within=0.5) as supervisor:
        await supervisor.started()
        began = time.monotonic()
    assert time.monotonic() - began < 5


async def test_cancelling_stops_parts_that_are_still_starting(script: Script, told: Told, tmp_path: Path) -> None:
    """Ctrl-C during the start leaves nothing behind."""

    async def run() -> None:
        async with Supervisor([script("a", "time.sleep(60)")], logs=tmp_path, report=told) as supervisor:
            await supervisor.started()

    task = asyncio.create_task(run())
    await told.until("a", State.STARTING)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(group_lives(group) for group in _children_groups())


async def test_an_error_while_telling_ends_the_start(script: Script, tmp_path: Path) -> None:
    """A closed standard output, as behind `| head`, must not leave the start waiting for ever."""

    def report(event: Event) -> None:
        if event.state is State.READY:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        async with Supervisor([script("a")], logs=tmp_path, report=report) as supervisor:
            await supervisor.started()


async def test_each_part_appends_to_a_log_of_its_own(script: Script, tmp_path: Path) -> None:
    """Both its outputs, after what an earlier run has left; a log over its cap is put aside first."""
    (tmp_path / "a.log").write_text("before\n")
    (tmp_path / "b.log").write_bytes(b"x" * (5 * 1024 * 1024 + 1))
    code = "print('out', flush=True)\nprint('err', file=sys.stderr)\nrun()"
    async with Supervisor([script("a", code), script("b", code)], logs=tmp_path) as supervisor:
        await supervisor.started()
    assert (tmp_path / "a.log").read_text() == "before\nout\nerr\n"
    assert (tmp_path / "b.log").read_text() == "out\nerr\n"
    assert (tmp_path / "b.log.1").stat().st_size > 5 * 1024 * 1024


def _children_groups() -> list[int]:
    """Groups led by living children of this process."""
    return [child.pid for child in psutil.Process(os.getpid()).children() if os.getpgid(child.pid) == child.pid]
