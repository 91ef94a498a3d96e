"""What a part of a stack is, and what the supervisor tells about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from artisan.stack.probe import Probe


@dataclass(frozen=True)
class Restart:
    """How long to wait before a crashed part is started again. All in seconds."""

    first: float = 0.5
    factor: float = 2.0
    most: float = 30.0
    healthy_after: float = 30.0
    """A part that was ready for this long has recovered: its next crash waits `first` again."""

    def next(self, last: float | None, ready_for: float) -> float:
        """The wait before the coming start, given the wait before the last one (None: there was none)."""
        if last is None or ready_for >= self.healthy_after:
            return self.first
        return min(last * self.factor, self.most)


@dataclass(frozen=True)
class Part:
    """One process to keep running. Whoever builds a spec fills these; the supervisor knows nothing else of a part."""

    name: str
    argv: tuple[str, ...]
    ready: Probe
    address: str
    """Where people reach it, for showing."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the supervisor's own environment."""
    cwd: Path | None = None
    after: tuple[str, ...] = ()
    """Parts that must be ready, or given up, before this one starts; this one stops before they do.

    Names that are not in the spec do not count."""
    essential: bool = False
    """When it cannot start, the stack does not start."""
    way_out: str = ""
    """What to do when it cannot start, and what works without it: one sentence."""
    ready_within: float = 30.0
    stop_grace: float = 3.0
    """Seconds between TERM and KILL."""
    restart: Restart = Restart()


class State(StrEnum):
    """The life of a part, or of any other step of a start."""

    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    FAILED = "failed"
    LEFT_OUT = "left out"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Event:
    """A part or step has reached a state. `seconds` is how long that took; `note` is for people."""

    name: str
    state: State
    seconds: float = 0.0
    note: str = ""


Report = Callable[[Event], None]
