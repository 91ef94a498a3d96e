"""The words and figures of one row, as the terminal, the page and the chart all show them."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.row import OURS, Comparison, Row, Verdict
from benchmarks.spread import Spread

NONE = "–"
_SIGNS = {Comparison.RATIO: "×", Comparison.SPEEDUP: "×"}


class Cells(NamedTuple):
    """One row of the result."""

    what: str
    ours: str
    others: tuple[str, ...]
    """Peers, the nearest first, and what there is without any monitoring."""
    floor: str
    goal: str
    verdict: str
    noise: str


def cells(row: Row) -> Cells:
    """The cells of a row."""
    floor, goal = (limit(row, row.target.floor), limit(row, row.target.goal)) if row.target else (NONE, NONE)
    return Cells(
        what=row.what,
        ours=_ours(row),
        others=tuple(f"{_other(row, name)} {name}" for name in (*row.peers, *_idle(row))),
        floor=floor,
        goal=goal,
        verdict=verdict(row),
        noise=spread(row.noise, _sign(row.noise_comparison, row)) if row.noise else NONE,
    )


def verdict(row: Row) -> str:
    """What came out, in words; with "unsure" where noise could have made it."""
    if row.verdict is Verdict.FAULT:
        return row.fault
    said = f"missed floor by {row.missed_by:.0%}" if row.verdict is Verdict.MISSED else row.verdict.value
    return said if row.sure else f"{said}, unsure"


def limit(row: Row, value: float) -> str:
    """A floor or a goal."""
    unit = _sign(row.comparison, row)
    return f"{'≥' if row.comparison.more_is_better else '≤'} {value:g}{unit if unit == '×' else f' {unit}'}"


def compared(row: Row, name: str, *, quartiles: bool = True) -> str:
    """How a variant stands against the baseline; "" where nothing is compared."""
    if row.comparison is Comparison.ABSOLUTE or name == row.baseline:
        return ""
    found, unit = row.compared(name), _sign(row.comparison, row)
    text = spread(found, unit) if quartiles else figure(found.median, unit)
    if row.comparison is Comparison.SPEEDUP:
        return f"{text} faster"
    return f"{text} more" if row.comparison is Comparison.DIFFERENCE else text


def spread(value: Spread, unit: str) -> str:
    """The median, and the quartiles in brackets where they differ."""
    low, high = _number(value.low), _number(value.high)
    return figure(value.median, unit) + (f" ({low}–{high})" if low != high else "")


def figure(value: float, unit: str) -> str:
    """A number with its unit."""
    return f"{_number(value)}{unit}" if unit == "×" else f"{_number(value)} {unit}"


def _number(value: float) -> str:
    """Three digits, without an exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:z.2f}"


def _sign(comparison: Comparison, row: Row) -> str:
    """What stands behind a comparison: the unit of the row where it has one."""
    return _SIGNS.get(comparison, row.unit)


def _ours(row: Row) -> str:
    if row.comparison is Comparison.SPEEDUP:
        return f"{compared(row, OURS)}, {figure(row.measured(OURS).median, row.unit)}"
    return spread(row.compared(OURS), _sign(row.comparison, row))


def _other(row: Row, name: str) -> str:
    """The comparison; where it is a speed-up, ours says it already, and the measurement says more."""
    if row.comparison is Comparison.SPEEDUP:
        return figure(row.measured(name).median, row.unit)
    return figure(row.compared(name).median, _sign(row.comparison, row))


def _idle(row: Row) -> tuple[str, ...]:
    """What there is without any monitoring, unless it is the baseline: that compared with itself says nothing."""
    return tuple(name for name in row.without if name != row.baseline)
