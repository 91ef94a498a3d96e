"""Watches one fault on its way to people and back: pending, firing, mail, fault removed, resolved mail."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from artisan.drill.clients import web
from artisan.drill.clients.prometheus import Alert, Rule
from artisan.drill.course import Course, Moment, Step, Tell
from artisan.drill.scenario import Scenario
from artisan.drill.stack.compress import longest_window
from artisan.drill.stack.stage import Stage

POLL = 0.1
_SLACK = 20.0
"""Seconds that a hop may take beyond what it takes by its own settings, on a busy machine."""
_LONGEST_MEMORY = 180.0
"""Seconds after which a rule with long windows has to be over, because its short ones are."""


class Lost(Exception):
    """The signal did not arrive in time."""


class Watch:
    """The eyes of one drill."""

    def __init__(self, stage: Stage, scenario: Scenario, course: Course, tell: Tell) -> None:
        self._stage, self._scenario, self._course, self._tell = stage, scenario, course, tell
        self.before: float | None = None
        """The sign's value before the fault."""

    async def begin(self) -> None:
        """Remember how things are before the fault."""
        with suppress(web.NoAnswer):
            self.before = await self._stage.value(self._scenario.sign)

    def note(self, step: Step, at: float, note: str = "") -> None:
        """Keep a moment, and tell of it."""
        moment = Moment(step, at, note)
        self._course.moments.append(moment)
        self._tell(self._course, moment)

    async def heard(self) -> None:
        """Return when the mail has come. Raises Lost."""
        showing = asyncio.create_task(self._shown())
        try:
            within = self._scenario.holds_within + await self._memory()
            await self._until(self._holding, within, "the expression does not hold")
            settings = self._stage.configuration
            held_for = self._course.hold + _SLACK
            await self._until(self._firing, held_for, "the alert does not fire")
            await self._until(self._mailed, settings.group_wait + _SLACK, "no mail came")
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)

    async def resolved(self) -> None:
        """Return when the mail that it is over has come. Raises Lost."""
        settings = self._stage.configuration
        within = self._scenario.calms_within + await self._memory() + self._keeps_firing() + _SLACK
        await self._until(self._calm, within, "the alert still fires")
        await self._until(self._told_so, settings.group_interval + _SLACK, "no mail said that it is over")

    async def _until(self, happened: Callable[[], Awaitable[bool]], within: float, otherwise: str) -> None:
        deadline = time.monotonic() + within
        while True:
            # A part that a fault has killed does not answer: that is nothing to fail for.
            with suppress(web.NoAnswer):
                if await happened():
                    return
            if time.monotonic() > deadline:
                raise Lost(f"{otherwise} within {within:.0f} s")
            await asyncio.sleep(POLL)

    async def _shown(self) -> None:
        """Note when the fault shows on its page. A page that has gone shows nothing."""
        sign = self._scenario.sign
        while True:
            with suppress(web.NoAnswer):
                if sign.shows(self.before, now := await self._stage.value(sign)):
                    return self.note(Step.SHOWN, time.time(), f"{sign.selector}: {_number(self.before)} → {now:g}")
            await asyncio.sleep(POLL)

    async def _rule(self) -> Rule | None:
        return await self._stage.prometheus.rule(self._scenario.alert, self._scenario.labels)

    async def _memory(self) -> float:
        """Seconds that the rule looks back."""
        rule = await self._rule()
        return min(longest_window(rule.query), _LONGEST_MEMORY) if rule else 0.0

    async def _alerts(self) -> list[Alert]:
        """Those that are this fault's."""
        rule, wanted = await self._rule(), self._scenario.labels.items()
        return [alert for alert in rule.alerts if alert.labels.items() >= wanted] if rule else []

    async def _holding(self) -> bool:
        alerts = await self._alerts()
        if not alerts:
            return False
        first = min(alerts, key=lambda alert: alert.since)
        self._course.value = first.value
        self.note(Step.HOLDS, first.since, f"the expression holds, with value {first.value:.4g}")
        return True

    async def _firing(self) -> bool:
        if not any(alert.state == "firing" for alert in await self._alerts()):
            return False
        self.note(Step.FIRING, await self._fired_at(), _labels(self._scenario))
        return True

    async def _fired_at(self) -> float:
        """The evaluation at which it began to fire, which Prometheus keeps as a series."""
        began = self._course.at(Step.FAULT) or 0.0
        matchers = "".join(f', {name}="{value}"' for name, value in self._scenario.labels.items())
        series = f'ALERTS{{alertname="{self._scenario.alert}", alertstate="firing"{matchers}}}'
        samples = await self._stage.prometheus.query(f"{series}[{int(time.time() - began) + 1}s]")
        return min((sample.at for sample in samples if sample.at >= began), default=time.time())

    async def _mailed(self) -> bool:
        mail = await self._stage.inbox.first("FIRING", self._course.alert, self._course.at(Step.FIRING) or 0.0)
        if mail is None:
            return False
        self._course.mail = await self._stage.inbox.text(mail)
        self.note(Step.MAIL, mail.received_at, mail.subject)
        return True

    async def _calm(self) -> bool:
        if await self._alerts():
            return False
        self.note(Step.INACTIVE, time.time())
        return True

    async def _told_so(self) -> bool:
        mail = await self._stage.inbox.first("RESOLVED", self._course.alert, self._course.at(Step.REMOVED) or 0.0)
        if mail is None:
            return False
        self.note(Step.RESOLVED, mail.received_at, mail.subject)
        return True

    def _keeps_firing(self) -> float:
        rules = self._stage.configuration.rules
        return max((rule.keep_firing for rule in rules if rule.name == self._course.alert), default=0.0)


def _labels(scenario: Scenario) -> str:
    return ", ".join(f"{name}={value}" for name, value in scenario.labels.items())


def _number(value: float | None) -> str:
    return "nothing" if value is None else f"{value:g}"
