"""One drill after the other, on one stack as long as it stays sound."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from artisan.drill.clients import web
from artisan.drill.clients.prometheus import Prometheus
from artisan.drill.course import Course, Step, Tell, Verdict
from artisan.drill.scenario import HeardBy, Scenario
from artisan.drill.stack.stage import Script, Stage, open_stage
from artisan.drill.watching.deadman import watch_for_silence
from artisan.drill.watching.diagnose import diagnose
from artisan.drill.watching.evidence import gather
from artisan.drill.watching.quiet import WATCHDOG, NotQuiet, quiet
from artisan.drill.watching.watch import Lost, Watch
from artisan.stack.part import Event
from artisan.stack.supervisor import StartFailed

_GOAL, _FLOOR = 3.0, 10.0
"""Seconds that a mail may take beyond one evaluation and group_wait."""
_CALM_WITHIN, _CALM_AFTER_FORGETTING, _CALM_AT_FIRST = 4.0, 60.0, 90.0


class Rehearsal:
    """Plays scenarios and keeps their courses."""

    def __init__(self, script: Script, tell: Tell, report: Callable[[Event], None], say: Callable[[str], None]) -> None:
        self._script, self._tell, self._report, self._say = script, tell, report, say
        self._built = 0
        self._played_on: Stage | None = None

    async def play(self, scenarios: Sequence[Scenario]) -> AsyncGenerator[Course]:
        """The course of each drill as it ends. Raises StartFailed and BadConfiguration when the stack cannot start.

        A drill that went wrong leaves a stack that nobody knows: the next one gets a new one.
        """
        left = list(scenarios)
        while left:
            async with self._stage() as stage:
                while left:
                    course = await self._one(stage, left.pop(0))
                    yield course
                    if not course.verdict.good:
                        break

    @asynccontextmanager
    async def _stage(self) -> AsyncIterator[Stage]:
        self._built += 1
        folder = self._script.folder / f"stack-{self._built}"
        folder.mkdir(parents=True)
        async with open_stage(replace(self._script, folder=folder), self._report) as stage:
            yield stage

    async def _one(self, stage: Stage, scenario: Scenario) -> Course:
        course = Course(scenario.alert, scenario.story, scenario.labels)
        if reason := scenario.impossible():
            course.verdict, course.reason = Verdict.REFUSED, reason
            return course
        try:
            await self._calm(stage)
            await self._fill_in(stage, course)
            if scenario.heard_by is HeardBy.SILENCE:
                await watch_for_silence(stage, scenario, course, self._tell)
            else:
                await self._watched(stage, scenario, course)
        except NotQuiet as error:
            course.verdict, course.reason = Verdict.NOT_QUIET, str(error)
        except (web.NoAnswer, StartFailed) as error:
            course.verdict, course.reason = Verdict.BROKE, str(error)
        return course

    async def _calm(self, stage: Stage) -> None:
        """Wait until nothing fires. What only remembers an earlier fault is made to forget it."""
        if self._played_on is not stage:
            self._played_on = stage
            return await quiet(stage, _CALM_AT_FIRST)
        try:
            await quiet(stage, _CALM_WITHIN)
        except NotQuiet as error:
            self._say(f"{error}: Prometheus has to forget the drill before")
            await stage.forget()
            await quiet(stage, _CALM_AFTER_FORGETTING)

    async def _fill_in(self, stage: Stage, course: Course) -> None:
        rule = await stage.prometheus.rule(course.alert, course.labels)
        if rule is None:
            return
        course.query, course.hold = rule.query, rule.hold
        settings = stage.configuration
        course.waits = settings.group_wait
        course.goal = settings.evaluation_interval + settings.group_wait + _GOAL
        course.floor = settings.evaluation_interval + settings.group_wait + _FLOOR

    async def _watched(self, stage: Stage, scenario: Scenario, course: Course) -> None:
        watch = Watch(stage, scenario, course, self._tell)
        await watch.begin()
        async with AsyncExitStack() as fault:
            watch.note(Step.FAULT, time.time())
            await fault.enter_async_context(scenario.fault(stage))
            try:
                await watch.heard()
            except Lost as error:
                course.verdict, course.reason = Verdict.NOT_HEARD, str(error)
                evidence = await gather(stage, scenario, watch.before, course.at(Step.FAULT) or 0.0)
                course.hops = diagnose(course.alert, evidence)
                return
            await fault.aclose()
            watch.note(Step.REMOVED, time.time())
        await self._seen_off(watch, course)
        names = await _fired(stage.prometheus, time.time() - course.moments[0].at)
        course.others = tuple(name for name in names if name != course.alert)

    async def _seen_off(self, watch: Watch, course: Course) -> None:
        try:
            await watch.resolved()
        except Lost as error:
            course.verdict, course.reason = Verdict.NOT_RESOLVED, str(error)
        else:
            late = course.beyond is not None and course.beyond > course.floor
            course.verdict = Verdict.LATE if late else Verdict.HEARD


async def _fired(prometheus: Prometheus, since: float) -> list[str]:
    """The names of the alerts that fired in the last so many seconds, but for Watchdog. Raises web.NoAnswer."""
    found = await prometheus.query(f'max_over_time(ALERTS{{alertstate="firing"}}[{math.ceil(since)}s])')
    return sorted({sample.labels["alertname"] for sample in found} - {WATCHDOG})
