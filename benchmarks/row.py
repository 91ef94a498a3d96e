"""One line of the result: what was measured on each variant, how they compare, and whether that is good enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from .spread import Spread

OURS = "ours"
AGAIN = " again"
"""Ends the name of the baseline's second copy; its ratio to the first is the noise of the measurement."""


class Comparison(Enum):
    """How a variant is set against the baseline, round by round."""

    RATIO = "ratio"
    """How many times as much as the baseline."""
    SPEEDUP = "speedup"
    """How many times less than the baseline: here more is better."""
    DIFFERENCE = "difference"
    """What comes on top of the baseline, in the unit of the measurement."""
    ABSOLUTE = "absolute"
    """The measurement itself."""

    def of(self, value: float, baseline: float) -> float:
        """`value` set against `baseline`, both of the same round and unit."""
        if self is Comparison.RATIO:
            return value / baseline
        if self is Comparison.SPEEDUP:
            return baseline / value
        return value - baseline if self is Comparison.DIFFERENCE else value

    @property
    def more_is_better(self) -> bool:
        """Whether a larger figure is the better one."""
        return self is Comparison.SPEEDUP


@dataclass(frozen=True, slots=True)
class Target:
    """What is the least that is wanted, and what is aimed at; in the unit of the comparison."""

    floor: float
    goal: float


class Verdict(Enum):
    """What the median says about the target."""

    GOAL = "met goal"
    FLOOR = "met floor"
    MISSED = "missed"
    NONE = "–"
    """There is no target."""
    FAULT = "fault"
    """A wrong answer, however quick."""


@dataclass(frozen=True, slots=True)
class Row:
    """Measurements of all variants in `unit`, one a round."""

    what: str
    unit: str
    samples: Mapping[str, Sequence[float]]
    baseline: str
    comparison: Comparison
    target: Target | None = None
    fault: str = ""
    """Why the figures do not count, e.g. because something was lost."""
    without: tuple[str, ...] = ()
    """The variants that have no monitoring at all, and show what is there anyway."""

    @property
    def peers(self) -> tuple[str, ...]:
        """Everybody else, the nearest first."""
        left_out = {OURS, self.baseline + AGAIN, *self.without}
        sign = -1 if self.comparison.more_is_better else 1
        return tuple(sorted(self.samples.keys() - left_out, key=lambda name: sign * self.compared(name).median))

    def measured(self, variant: str) -> Spread:
        """The measurements of a variant themselves, in `unit`."""
        return Spread.of(self.samples[variant])

    def compared(self, variant: str) -> Spread:
        """A variant against the baseline, each round for itself: what slows a whole round down falls out."""
        return self._compare(self.comparison, variant)

    @property
    def noise(self) -> Spread | None:
        """The baseline's second copy against the first, which is chance; None if not measured.

        It is a difference where the row has differences, and a ratio otherwise.
        """
        again = self.baseline + AGAIN
        return self._compare(self.noise_comparison, again) if again in self.samples else None

    @property
    def noise_comparison(self) -> Comparison:
        """What the noise is: a difference or a ratio."""
        return self.comparison if self.comparison is Comparison.DIFFERENCE else Comparison.RATIO

    @property
    def verdict(self) -> Verdict:
        """Whether our median meets the target."""
        if self.fault:
            return Verdict.FAULT
        return self._judged(self.compared(OURS).median)

    @property
    def sure(self) -> bool:
        """Whether both quartiles would have the verdict of the median; otherwise the measurement is too noisy."""
        found = self.compared(OURS)
        return self._judged(found.low) is self._judged(found.median) is self._judged(found.high)

    @property
    def missed_by(self) -> float:
        """By which share of the floor our median misses it: 0.1 is 10 %."""
        if self.verdict is not Verdict.MISSED or self.target is None:
            return 0.0
        return abs(self.compared(OURS).median - self.target.floor) / self.target.floor

    def limit(self, compared: float) -> float:
        """The measurement at which a comparison with the baseline's median would give `compared`, in `unit`."""
        baseline = self.measured(self.baseline).median
        if self.comparison is Comparison.RATIO:
            return compared * baseline
        if self.comparison is Comparison.SPEEDUP:
            return baseline / compared
        return compared + baseline if self.comparison is Comparison.DIFFERENCE else compared

    def _judged(self, compared: float) -> Verdict:
        if self.target is None:
            return Verdict.NONE
        if self._meets(compared, self.target.goal):
            return Verdict.GOAL
        return Verdict.FLOOR if self._meets(compared, self.target.floor) else Verdict.MISSED

    def _meets(self, compared: float, limit: float) -> bool:
        return compared >= limit if self.comparison.more_is_better else compared <= limit

    def _compare(self, comparison: Comparison, variant: str) -> Spread:
        pairs = zip(self.samples[variant], self.samples[self.baseline], strict=True)
        return Spread.of([comparison.of(value, baseline) for value, baseline in pairs])
