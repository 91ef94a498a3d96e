"""What the doctor says: what is wrong, what that means, and the command that mends it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Harm(enum.StrEnum):
    """How bad a finding is, the worst first."""

    CRITICAL = "critical"
    """The service cannot start or answer, or data is at risk."""
    ERROR = "error"
    """An alarm cannot be heard, telemetry is lost, or a part of the service does not work."""
    WARNING = "warning"
    """It works, and will not for long, or not as meant."""
    NOTE = "note"
    """Good to know."""

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Harm).index(self)

    @property
    def fails(self) -> bool:
        """Whether the run ends with exit status 1 for it."""
        return self in {Harm.CRITICAL, Harm.ERROR}


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` and `means` are one sentence each, `mend` is one line to paste into a shell."""

    harm: Harm
    what: str
    means: str
    mend: str


class Skipped(Exception):
    """A check has nothing to look at, because of what is not configured, or not there; the clause says which."""
