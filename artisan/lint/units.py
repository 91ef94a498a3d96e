"""The unit of an expression's values, where it can be told surely, and of what a panel says that it shows.

A unit is a product of powers of seconds, bytes, US dollars …, and a factor: a value of 1 stands for `factor` of them.
`rate(x_bytes_total[5m]) * 8` is bytes¹ seconds⁻¹ with a factor of 1/8: bits per second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .constants import constant, unscaled
from .labels import selectors
from .metrics import Series
from .project import Project
from .promql import Aggregate, Binary, Call, Node, Selector, Subquery, Unary, walk
from .shares import COMPARISONS

Dimensions = frozenset[tuple[str, int]]
_BASES: dict[str, tuple[str, float]] = {
    "seconds": ("seconds", 1),
    "milliseconds": ("seconds", 1e-3),
    "microseconds": ("seconds", 1e-6),
    "nanoseconds": ("seconds", 1e-9),
    "bytes": ("bytes", 1),
    "bits": ("bytes", 1 / 8),
    "USD": ("USD", 1),
    "celsius": ("celsius", 1),
    "percent": ("", 0.01),
    "ratio": ("", 1),
    "": ("", 1),
}
_PER_SECOND = {"rate", "irate", "deriv"}
_KEEPING = {
    *(
        "increase",
        "delta",
        "idelta",
        "predict_linear",
        "abs",
        "ceil",
        "floor",
        "round",
        "clamp",
        "clamp_max",
        "clamp_min",
    ),
    *("sort", "sort_desc", "label_replace", "label_join", "scalar", "avg_over_time", "min_over_time", "max_over_time"),
    *("sum_over_time", "last_over_time", "quantile_over_time", "stddev_over_time"),
}
_NUMBERS = {"count_over_time", "changes", "resets", "absent", "absent_over_time", "histogram_count"}


@dataclass(frozen=True, slots=True)
class Unit:
    """`scaled` tells that a number was multiplied in, so that the factor may be meant as something else."""

    dimensions: Dimensions
    factor: float = 1.0
    scaled: bool = False

    def times(self, other: Unit, sign: int = 1) -> Unit:
        """The product, or with a sign of -1 the quotient."""
        powers = dict(self.dimensions)
        for base, power in other.dimensions:
            powers[base] = powers.get(base, 0) + sign * power
        kept = frozenset((base, power) for base, power in powers.items() if power)
        return Unit(kept, self.factor * other.factor**sign, self.scaled or other.scaled)

    def __str__(self) -> str:
        """In words, such as `bytes per second`."""
        over = [base + ("" if power == 1 else f"^{power}") for base, power in sorted(self.dimensions) if power > 0]
        under = [f"per {base.removesuffix('s')}" for base, power in sorted(self.dimensions) if power < 0]
        return " ".join([*(over or ["plain numbers"]), *under]) + (
            "" if self.factor == 1 else f" × {1 / self.factor:g}"
        )


NUMBER = Unit(frozenset())
PER_SECOND = Unit(frozenset({("seconds", -1)}))


def named(unit: str) -> Unit | None:
    """The unit of a metric by OpenMetrics' word."""
    base, factor = _BASES.get(unit, (None, 1.0))
    if base is None:
        return None
    return Unit(frozenset({(base, 1)}) if base else frozenset(), factor)


def unit(node: Node, project: Project, level: int = 0) -> Unit | None:  # noqa: PLR0911 - a case for each kind
    """The unit of an expression's values, or None when it cannot be told."""
    match node:
        case Selector():
            return _selected(node, project, level)
        case Unary() | Subquery():
            return unit(node.operand, project, level)
        case Call():
            return _called(node, project, level)
        case Aggregate():
            if node.name in {"count", "group", "count_values"}:
                return NUMBER
            return None if node.name == "stdvar" else unit(node.operand, project, level)
        case Binary():
            return _combined(node, project, level)
    return None


def of_series(series: Series) -> Unit | None:
    """The unit of a series' values: observations are counted in `_count` and `_bucket`, and added up in `_sum`."""
    metric = series.metric
    if series.kind == "bucket" or (metric.type in {"histogram", "summary"} and series.name.endswith("_count")):
        return NUMBER
    if metric.type == "info" or series.name.endswith("_info"):
        return NUMBER
    return None if metric.unit is None else named(metric.unit)


def _selected(selector: Selector, project: Project, level: int) -> Unit | None:
    series = project.series(selector.name)
    if series is not None and selector.name not in project.recordings:
        return of_series(series)
    recordings = project.recordings.get(selector.name, ())
    if len(recordings) != 1 or recordings[0].query.tree is None or level > 10:
        return None
    return unit(recordings[0].query.tree, project, level + 1)


def _called(call: Call, project: Project, level: int) -> Unit | None:
    if call.name == "time":
        return named("seconds")
    if call.name in _NUMBERS:
        return NUMBER
    if call.name == "histogram_quantile":
        found = [project.series(node.name) for node in selectors(call.arguments[1])]
        kinds = {series.metric.unit for series in found if series and series.kind == "bucket"}
        only = kinds.pop() if len(kinds) == 1 and all(found) else None
        return None if only is None else named(only)
    inner = [unit(argument, project, level) for argument in call.arguments]
    known = next((one for one in inner if one is not None), None)
    if call.name in _PER_SECOND and known is not None:
        return known.times(PER_SECOND)
    return known if call.name in _KEEPING else None


def _combined(binary: Binary, project: Project, level: int) -> Unit | None:
    left, right = unit(binary.left, project, level), unit(binary.right, project, level)
    if binary.returns_bool:
        return NUMBER
    match binary.op:
        case "and" | "unless":
            return left
        case "or" | "+" | "-" | "%":
            return left or right
        case op if op in COMPARISONS:
            return right if constant(binary.left) is not None else left
        case "*" | "/":
            return _scaled(binary, left, right) if _has_number(binary) else _multiplied(binary, left, right)
    return None


def _has_number(binary: Binary) -> bool:
    return constant(binary.left) is not None or constant(binary.right) is not None


def _scaled(binary: Binary, left: Unit | None, right: Unit | None) -> Unit | None:
    number = constant(binary.right)
    if number is not None:
        kept, factor = left, (1 / number if binary.op == "*" else number) if number else math.nan
    else:
        number = constant(binary.left) or math.nan
        kept, factor = (right, 1 / number) if binary.op == "*" else (None, 1.0)
    return None if kept is None or math.isnan(factor) else Unit(kept.dimensions, kept.factor * factor, scaled=True)


def _multiplied(binary: Binary, left: Unit | None, right: Unit | None) -> Unit | None:
    if left is None and right is None and binary.op == "/":
        return _share(binary)
    if left is None or right is None:
        return None
    return left.times(right, 1 if binary.op == "*" else -1)


def _share(binary: Binary) -> Unit | None:
    """A plain number where the same metric stands on both sides, whatever its unit; `100 * x / x` are per cents."""
    (left, above), (right, below) = unscaled(binary.left), unscaled(binary.right)
    if _same(left) != _same(right) or _same(left) is None or not above:
        return None
    return Unit(frozenset(), below / above, scaled=above != below)


def _same(node: Node) -> tuple[str, frozenset[str]] | None:
    """The one metric of an expression, and the functions: where both are equal, so is the unit."""
    calls = frozenset(part.name for part in walk(node) if isinstance(part, Call) and part.name != "vector")
    names = {selector.name for selector in selectors(node)}
    # Several metrics may be combined to anything.
    return (names.pop(), calls) if len(names) == 1 and "" not in names else None
