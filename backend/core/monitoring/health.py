"""Health: what the service depends on, asked in the background so that a probe never waits for a dependency."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .log_record import timestamp
from .logs import get_logger
from .metrics.catalogue import DEPENDENCY_CONFIGURED, DEPENDENCY_UP

REFRESH_SECONDS = 5.0  # as often as a scrape, so that dependency_up is never much older than one
_log = get_logger("monitoring.health")


class Status(StrEnum):
    """In order of harm."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The outcome of one check; `details` are shown beside it, e.g. the provider's name."""

    status: Status
    message: str = ""
    details: Mapping[str, str | int | float] = field(default_factory=dict)

    @classmethod
    def healthy(cls, message: str = "", **details: str | float) -> CheckResult:
        """It works."""
        return cls(Status.HEALTHY, message, details)

    @classmethod
    def degraded(cls, message: str = "", **details: str | float) -> CheckResult:
        """It works, worse than it should."""
        return cls(Status.DEGRADED, message, details)

    @classmethod
    def unhealthy(cls, message: str = "", **details: str | float) -> CheckResult:
        """It does not work."""
        return cls(Status.UNHEALTHY, message, details)

    def as_dict(self) -> dict[str, Any]:
        """The shape that `/monitoring/health` shows."""
        shown: dict[str, Any] = {"status": str(self.status)}
        if self.message:
            shown["message"] = self.message
        return shown | dict(self.details)


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One dependency: how to ask it, how long to wait, how often to ask, and whether the service is useless without it.

    `timeout` and `interval` are seconds. `configured` says whether the settings want the dependency at all: where they
    do not, its absence is no fault.
    """

    name: str
    check: Callable[[], Awaitable[CheckResult]]
    critical: bool = False
    configured: bool = True
    timeout: float = 2.0
    interval: float = REFRESH_SECONDS


class Health:
    """The latest result of every check, and whether the service takes traffic."""

    def __init__(self, checks: Iterable[HealthCheck]) -> None:
        self._checks = tuple(checks)
        self._questions = {check.name: _Question(check) for check in self._checks}
        self._results: dict[str, CheckResult] = {}
        self.draining = False
        for check in self._checks:
            DEPENDENCY_CONFIGURED.labels(dependency=check.name).set(float(check.configured))
        self._up = {check.name: DEPENDENCY_UP.labels(dependency=check.name) for check in self._checks}

    async def refresh(self) -> None:
        """Ask every dependency once, all at the same time."""
        await asyncio.gather(*(self._refresh(check) for check in self._checks))

    async def ensure_checked(self) -> None:
        """Ask once when nobody has asked yet: a probe may come before the background's first round."""
        if len(self._results) < len(self._checks):
            await self.refresh()

    async def keep_fresh(self) -> None:
        """Ask each dependency at its interval, for ever; meant to be a task of its own, cancelled at the end."""
        async with asyncio.TaskGroup() as group:
            for check in self._checks:
                group.create_task(self._keep_fresh(check))

    async def _keep_fresh(self, check: HealthCheck) -> None:
        while True:
            await asyncio.sleep(check.interval)
            await self._refresh(check)

    def report(self) -> dict[str, Any]:
        """The body of `/monitoring/health`."""
        return {
            "status": str(self.status),
            "timestamp": timestamp(),
            "checks": {check.name: self._result(check).as_dict() for check in self._checks},
        }

    @property
    def status(self) -> Status:
        """Unhealthy when a critical check is, degraded when any check is not healthy."""
        results = [(check, self._result(check)) for check in self._checks]
        if any(check.critical and result.status is Status.UNHEALTHY for check, result in results):
            return Status.UNHEALTHY
        if any(result.status is not Status.HEALTHY for _, result in results):
            return Status.DEGRADED
        return Status.HEALTHY

    @property
    def ready(self) -> bool:
        """Whether to send traffic here: soft dependencies do not count, or one would take out every replica at once."""
        return not self.draining and self.status is not Status.UNHEALTHY

    def _result(self, check: HealthCheck) -> CheckResult:
        return self._results.get(check.name) or CheckResult.unhealthy("not checked yet")

    async def _refresh(self, check: HealthCheck) -> None:
        result = await self._questions[check.name].answer()
        before = self._results.get(check.name)
        self._results[check.name] = result
        self._up[check.name].set(0.0 if result.status is Status.UNHEALTHY else 1.0)
        if before is None or before.status is not result.status:
            tell = _log.info if result.status is Status.HEALTHY else _log.warning
            tell("dependency_status_changed", dependency=check.name, status=result.status, message=result.message)


class _Question:
    """Asks one dependency, with one question at a time."""

    def __init__(self, check: HealthCheck) -> None:
        self._check = check
        self._given_up: asyncio.Task[CheckResult] | None = None

    async def answer(self) -> CheckResult:
        """The check's result; one that raises, hangs or answers with anything else is unhealthy.

        A question that is given up can take its time to end, when a thread or a driver waits behind it. The verdict
        does not wait for that, and no second question joins the first meanwhile.
        """
        earlier = self._given_up if self._given_up and not self._given_up.done() else None
        question = earlier or asyncio.create_task(self._ask())
        try:
            await asyncio.wait({question}, timeout=self._check.timeout)
        except asyncio.CancelledError:
            question.cancel()
            raise
        if question.done() and not question.cancelled():
            return question.result()
        if earlier is None:
            question.cancel()
            self._given_up = question
        return CheckResult.unhealthy(f"no answer within {self._check.timeout:g} s")

    async def _ask(self) -> CheckResult:
        try:
            result = await self._check.check()
        except Exception as error:  # whatever a dependency does, the answer is a status
            return CheckResult.unhealthy(f"{type(error).__name__}: {error}"[:200])
        if not isinstance(result, CheckResult):
            return CheckResult.unhealthy("the check did not return a CheckResult")
        return result
