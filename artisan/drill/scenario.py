"""What a drill is: an alert, a real fault, and where the fault shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import Enum, auto

from artisan.drill.clients.page import Sign
from artisan.drill.stack.stage import Stage

Fault = Callable[[Stage], AbstractAsyncContextManager[None]]
"""Within its block the fault is there; the end of the block removes it.

A block that is broken off need not mend what belongs to the stack, which ends with it."""


def _always_possible() -> None:
    return None


class HeardBy(Enum):
    """What tells people."""

    MAIL = auto()
    SILENCE = auto()
    """Heartbeats that no longer come."""


@dataclass(frozen=True)
class Scenario:
    """One drill."""

    alert: str
    story: str
    """The fault in one sentence, without the full stop."""
    fault: Fault
    sign: Sign
    """What tells, on somebody's page of metrics, that the fault has taken effect."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Those by which this fault's alert is told from others of the same name."""
    holds_within: float = 20.0
    """Seconds from the fault until the service has to show it, the rule's own windows not counted."""
    calms_within: float = 20.0
    """Seconds that the service needs to recover once the fault is gone, the rule's own windows not counted."""
    impossible: Callable[[], str | None] = _always_possible
    """Why this machine cannot have the fault, in one sentence; None where it can."""
    heard_by: HeardBy = HeardBy.MAIL


@dataclass(frozen=True)
class Undrilled:
    """An alert that cannot have a drill."""

    alert: str
    reason: str
