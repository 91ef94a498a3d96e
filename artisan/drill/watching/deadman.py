"""The dead man's switch: heartbeats arrive outside, stop when the watcher dies, and come back with it.

Here what is heard is a silence. The receiver stands for a service outside that raises the alarm when it is no longer
called; it is taken to do so when three beats have been missed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack

from artisan.drill.course import Course, Hop, Moment, Step, Tell, Verdict
from artisan.drill.scenario import Scenario
from artisan.drill.stack.receiver import HEARTBEAT
from artisan.drill.stack.stage import Stage

_SEEN_BEFORE, _MISSED = 3, 3
_POLL = 0.1
_WITHIN = 90.0
_GOAL, _FLOOR = 3.0, 10.0
"""Seconds beyond the missed beats."""


class _OtherwiseThanMeant(Exception):
    """What should have happened did not."""


async def watch_for_silence(stage: Stage, scenario: Scenario, course: Course, tell: Tell) -> None:
    """Play the drill; its verdict and its moments are in `course`. Raises web.NoAnswer and StartFailed."""
    deadman = _Deadman(stage, course, tell)
    try:
        await deadman.listen()
    except _OtherwiseThanMeant as error:
        course.verdict, course.reason = Verdict.NOT_HEARD, str(error)
        course.hops = (Hop("heartbeats reach the receiver outside", False, str(error)),)
        return
    async with AsyncExitStack() as fault:
        deadman.note(Step.FAULT, time.time(), f"until now a heartbeat came every {deadman.interval:.1f} s")
        await fault.enter_async_context(scenario.fault(stage))
        try:
            await deadman.silence()
        except _OtherwiseThanMeant as error:
            course.verdict, course.reason = Verdict.NOT_HEARD, str(error)
            course.hops = (Hop("heartbeats stop", False, str(error)),)
            return
        await fault.aclose()
        deadman.note(Step.REMOVED, time.time())
    try:
        await deadman.return_of_beats()
    except _OtherwiseThanMeant as error:
        course.verdict, course.reason = Verdict.NOT_RESOLVED, str(error)
    else:
        course.verdict = Verdict.HEARD


class _Deadman:
    """The service outside."""

    def __init__(self, stage: Stage, course: Course, tell: Tell) -> None:
        self._receiver, self._course, self._tell = stage.receiver, course, tell
        self.interval = 0.0
        """Seconds from beat to beat."""

    def note(self, step: Step, at: float, text: str = "") -> None:
        moment = Moment(step, at, text)
        self._course.moments.append(moment)
        self._tell(self._course, moment)

    async def listen(self) -> None:
        """Learn how often beats come."""
        began = time.time()
        await _until(lambda: len(self._beats(began)) >= _SEEN_BEFORE, _WITHIN, f"fewer than {_SEEN_BEFORE} beats came")
        beats = self._beats(began)
        self.interval = (beats[-1] - beats[0]) / (len(beats) - 1)
        patience = _MISSED * self.interval
        self._course.goal, self._course.floor = patience + _GOAL, patience + _FLOOR

    async def silence(self) -> None:
        """Wait until so many beats have been missed."""
        patience = _MISSED * self.interval
        await _until(lambda: time.time() - self._beats()[-1] > patience, patience + _WITHIN, "the beats go on")
        self.note(Step.HOLDS, self._beats()[-1], "the last heartbeat")
        self.note(Step.MAIL, time.time(), f"{_MISSED} heartbeats are missing: the service outside raises the alarm")

    async def return_of_beats(self) -> None:
        """Wait for the first beat since the fault was removed."""
        removed = self._course.at(Step.REMOVED) or 0.0
        await _until(lambda: bool(self._beats(removed)), _WITHIN, "the beats do not come back")
        self.note(Step.RESOLVED, self._beats(removed)[0], "heartbeats come again")

    def _beats(self, since: float = 0.0) -> list[float]:
        return self._receiver.times(HEARTBEAT, since)


async def _until(happened: Callable[[], bool], within: float, otherwise: str) -> None:
    deadline = time.monotonic() + within
    while not happened():
        if time.monotonic() > deadline:
            raise _OtherwiseThanMeant(f"{otherwise} within {within:.0f} s")
        await asyncio.sleep(_POLL)
