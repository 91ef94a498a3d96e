"""What an objective counts: PromQL for all events of a window, and for the bad ones among them."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from decimal import Decimal

    from .windows import Window

PLACEHOLDER = "{window}"


class Indicator(Protocol):
    """Both give one series without labels, or nothing where the service has told nothing."""

    def events(self, window: Window) -> str:
        """The number of events, good and bad."""

    def bad_events(self, window: Window) -> str:
        """The number of bad events; 0 when there are others, but no series of these."""


@dataclass(frozen=True)
class ErrorsOfTotal:
    """Queries with `{window}` that count the bad events and all events."""

    errors: str
    total: str

    def events(self, window: Window) -> str:
        """Implements Indicator."""
        return _sum(self.total, window)

    def bad_events(self, window: Window) -> str:
        """Implements Indicator. A service that has never failed may not have the series yet: that is no failure."""
        return f"{_sum(self.errors, window)}\nor\n0 * {_sum(self.total, window)}"


@dataclass(frozen=True)
class GoodOfTotal:
    """Queries with `{window}` that count the good events and all events."""

    good: str
    total: str

    def events(self, window: Window) -> str:
        """Implements Indicator."""
        return _sum(self.total, window)

    def bad_events(self, window: Window) -> str:
        """Implements Indicator. What is not known to be good is bad, so a misspelt `good` is loud.

        `increase()` extrapolates each series on its own, so good may exceed all by a hair.
        """
        missing = f"{_sum(self.total, window)}\n  -\n({_sum(self.good, window)} or vector(0))"
        return f"clamp_min(\n{indent(missing, '  ')},\n  0\n)"


def latency(metric: str, selector: str, threshold: Decimal) -> GoodOfTotal:
    """Events of a classic histogram in seconds; good are those within `threshold`, which has to be one of its edges."""
    matchers = f"{selector}, " if selector else ""
    return GoodOfTotal(
        good=f"increase({metric}_bucket{{{matchers}{_le(threshold)}}}[{PLACEHOLDER}])",
        total=f"increase({metric}_count{{{selector}}}[{PLACEHOLDER}])",
    )


def _le(threshold: Decimal) -> str:
    """A whole number is exposed as 10 by some clients and as 10.0 by others, and by Prometheus 3 for all of them."""
    number = f"{threshold.normalize():f}"
    return f'le="{number}"' if "." in number else f'le=~"{number}(\\\\.0)?"'


def _sum(query: str, window: Window) -> str:
    query = query.replace(PLACEHOLDER, window.name)
    # A comment would swallow a bracket behind it.
    whole = "\n" not in query and "#" not in query
    return f"sum({query})" if whole else f"sum(\n{indent(query, '  ')}\n)"
