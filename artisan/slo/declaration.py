"""What `monitoring/slo.yml` declares."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .indicators import Indicator

MIN_BAD_EVENTS = 5
"""Enough that chance alone hardly ever pages: docs/slo.md has the figures."""


@dataclass(frozen=True)
class Slo:
    """One objective, in per cent of good events over the period. `description` says what a good event is."""

    name: str
    description: str
    objective: Decimal
    indicator: Indicator
    min_bad_events: int = MIN_BAD_EVENTS

    @property
    def budget(self) -> Decimal:
        """The share of bad events that is allowed, exact."""
        return 1 - self.objective / 100


@dataclass(frozen=True)
class Declaration:
    """All objectives of a service; `runbook` is the page that explains its alerts, `dashboard` shows them."""

    runbook: str
    dashboard: str
    slos: tuple[Slo, ...]
