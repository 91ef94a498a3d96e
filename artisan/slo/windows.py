"""The windows and burn rates of the SRE workbook's "Alerting on SLOs" (chapter 5, table 5-8), and their arithmetic.

A burn rate of 1 uses up the error budget in exactly the period. See https://sre.google/workbook/alerting-on-slos/.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

_SECONDS = {"m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Window:
    """A stretch of time in Prometheus' notation: a whole number of m, h or d."""

    name: str

    @property
    def seconds(self) -> int:
        """Its length."""
        return int(self.name[:-1]) * _SECONDS[self.name[-1]]

    def __truediv__(self, other: Window) -> Decimal:
        """How many times the other fits in."""
        return Decimal(self.seconds) / Decimal(other.seconds)


PERIOD = Window("30d")
"""What an objective and its budget speak about: the last 30 days, rolling."""


@dataclass(frozen=True)
class Burn:
    """`budget_share` of the period's budget is spent within `long`, and `short` says that it still goes on."""

    budget_share: Decimal
    long: Window
    short: Window

    @property
    def rate(self) -> Decimal:
        """The burn rate that spends that share in that window."""
        return self.budget_share * (PERIOD / self.long)

    def reachable(self, budget: Decimal) -> bool:
        """Whether the ratio of bad events, at most 1, can exceed rate × `budget` (a ratio)."""
        return self.rate * budget < 1


FAST = (
    Burn(Decimal("0.02"), Window("1h"), Window("5m")),
    Burn(Decimal("0.05"), Window("6h"), Window("30m")),
)
SLOW = (Burn(Decimal("0.10"), Window("3d"), Window("6h")),)

LOWEST_OBJECTIVE = 100 * (1 - 1 / min(burn.rate for burn in FAST))
"""In per cent. At or below it even a service that fails every request does not burn fast: no page could ever ring."""

# Counted from the service's own counters: a page needs them exact and fresh.
DIRECT = (Window("5m"), Window("30m"), Window("1h"), Window("6h"))
# Summed up from what was recorded once in each STEP: 30 days of raw samples are too many to read.
SUMMED = (Window("3d"), PERIOD)
STEP = DIRECT[0]


def plain(number: Decimal) -> str:
    """Without exponent and without zeros that say nothing."""
    return f"{number.normalize():f}"
