"""The result on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from benchmarks.group import Measured
from benchmarks.row import Row, Verdict

from .cells import cells

_HEADINGS = ("what", "ours", "others", "floor", "goal", "verdict", "noise (A/A)")
_STYLES = {Verdict.GOAL: "green", Verdict.FLOOR: "yellow", Verdict.MISSED: "red", Verdict.FAULT: "bold red"}


def table(results: Sequence[Measured]) -> Table:
    """A line for each row, a rule between groups."""
    shown = Table(title="What the monitoring costs: medians, with quartiles in brackets", title_justify="left")
    for heading in _HEADINGS:
        shown.add_column(heading, overflow="fold")
    for measured in results:
        for row in measured.rows:
            shown.add_row(*_cells(row), end_section=row is measured.rows[-1])
    return shown


def _cells(row: Row) -> list[str]:
    what, ours, others, floor, goal, verdict, noise = cells(row)
    style = _STYLES.get(row.verdict, "dim")
    return [what, ours, "\n".join(others), floor, goal, f"[{style}]{verdict}[/]", noise]
