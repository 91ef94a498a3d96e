"""Rows and groups with figures of our own making."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.group import Group, Measured
from benchmarks.row import Comparison, Row, Target


def row(
    ours: Sequence[float],
    baseline: Sequence[float],
    comparison: Comparison,
    target: Target | None = None,
    **others: Any,
) -> Row:
    samples = {"base": baseline, "ours": ours, **others.pop("samples", {})}
    return Row("Work", "µs", samples, "base", comparison, target, **others)


def measured(*rows: Row) -> Measured:
    return Measured(Group("work", "Some work", "It is *worked*.", lambda _: rows), rows)
