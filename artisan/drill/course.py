"""The course of one drill: what happened when, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Step(StrEnum):
    """What can happen in a drill, in the order in which it should."""

    FAULT = "fault"
    SHOWN = "shown"
    HOLDS = "pending"
    FIRING = "firing"
    MAIL = "mail"
    REMOVED = "removed"
    INACTIVE = "inactive"
    RESOLVED = "resolved"


class Verdict(StrEnum):
    """What came of it."""

    HEARD = "heard"
    LATE = "heard late"
    NOT_HEARD = "not heard"
    NOT_RESOLVED = "not resolved"
    NOT_QUIET = "not quiet before"
    BROKE = "could not run"
    REFUSED = "left out"
    UNDRILLED = "no drill"

    @property
    def good(self) -> bool:
        """Whether an operator may sleep well."""
        return self in {Verdict.HEARD, Verdict.LATE, Verdict.REFUSED, Verdict.UNDRILLED}


@dataclass(frozen=True)
class Moment:
    """A step, when it happened (Unix time) and what there is to see of it."""

    step: Step
    at: float
    note: str = ""


@dataclass(frozen=True)
class Hop:
    """A station on the way of a signal, and whether it got there."""

    name: str
    reached: bool
    finding: str
    details: tuple[str, ...] = ()


@dataclass
class Course:
    """All that is known of one drill; durations in seconds."""

    alert: str
    story: str
    labels: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    """As it was evaluated, compressed."""
    hold: float = 0.0
    """The rule's `for`."""
    value: float | None = None
    """Of the expression, when it first held."""
    goal: float = 0.0
    """How long after its `for` an alarm should be heard at most."""
    floor: float = 0.0
    """After which it is late."""
    waits: float = 0.0
    """What of that Alertmanager waits for siblings, unless it has seen the alert in the last quarter of an hour."""
    moments: list[Moment] = field(default_factory=list)
    mail: str = ""
    """The text of the mail that told of it."""
    others: tuple[str, ...] = ()
    """What else fired."""
    hops: tuple[Hop, ...] = ()
    verdict: Verdict = Verdict.BROKE
    reason: str = ""

    def at(self, step: Step) -> float | None:
        """When a step happened."""
        return next((moment.at for moment in self.moments if moment.step is step), None)

    def between(self, begin: Step, end: Step) -> float | None:
        """Seconds from one step to another."""
        first, last = self.at(begin), self.at(end)
        return None if first is None or last is None else last - first

    @property
    def beyond(self) -> float | None:
        """Time to detect: from the first evaluation at which the expression held to the mail, beyond the `for`."""
        taken = self.between(Step.HOLDS, Step.MAIL)
        return None if taken is None else taken - self.hold

    @property
    def lost_at(self) -> Hop | None:
        """The first hop that the signal did not reach."""
        return next((hop for hop in self.hops if not hop.reached), None)


Tell = Callable[[Course, Moment], None]
"""Is told of each moment as it happens."""
