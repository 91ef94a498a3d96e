"""A label set that one worker could not put into its file, because the disk was full, counts as those in files do."""

from __future__ import annotations

import numpy as np
import pytest

from backend.core.monitoring.metrics.description import Across, Description
from backend.core.monitoring.metrics.shared.workers import _joined
from backend.core.monitoring.metrics.table import Table


def table(across: Across, rows: dict[str, list[float]]) -> Table:
    description = Description("x", "gauge", "X", ("a",), across=across)
    values = np.array(list(rows.values()), np.float64).reshape(len(rows), description.cells)
    return Table(description, [text.encode() for text in rows], values, np.ones(len(rows), np.bool_))


@pytest.mark.parametrize(
    ("across", "theirs", "mine", "together"),
    [
        ("sum", [3], [4], [7]),
        ("max", [3, 10], [4, 11], [4, 11]),
        ("max", [5, 10], [4, 11], [5, 10]),
        ("min", [3, 10], [4, 11], [3, 10]),
        ("min", [5, 10], [4, 11], [4, 11]),
        ("latest", [3, 10], [4, 11], [4, 11]),
        ("latest", [3, 12], [4, 11], [3, 12]),
        ("min", [3, 10], [0, 0], [3, 10]),
        ("max", [0, 0], [-4, 11], [-4, 11]),
    ],
)
def test_both_are_taken_together(across: Across, theirs: list[float], mine: list[float], together: list[float]) -> None:
    """As the gauge says; a value that was never set is none."""
    joined = _joined(table(across, {"both": theirs, "theirs": theirs}), table(across, {"mine": mine, "both": mine}))
    assert {text: row.tolist() for text, row in joined.rows()} == {b"both": together, b"theirs": theirs, b"mine": mine}
