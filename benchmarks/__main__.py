"""`python -m benchmarks`: measure, show, and write the page of the docs."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console

from .group import Measured
from .groups import GROUPS
from .report.chart import chart
from .report.machine import busy, machine, versions
from .report.page import page
from .report.table import table
from .row import Verdict

DOCS = Path(__file__).resolve().parent.parent / "docs"
BUSY_CORES = 0.5


def main(arguments: Sequence[str]) -> int:
    """Exit status 1 when a figure does not count, or when `--require-floors` finds one that misses its floor."""
    options = _parse(arguments)
    console = Console()
    console.print(machine())
    if (cores := busy()) > BUSY_CORES:
        console.print(f"[yellow]Other programs keep {cores:.1f} cores busy: expect noise.[/]")
    groups = [group for group in GROUPS if group.key in options.only]
    results = []
    for group in groups:
        started = time.monotonic()
        results.append(Measured(group, group.measure(options.quick)))
        console.print(f"{group.title}: measured in {time.monotonic() - started:.0f} s", highlight=False)
    console.print(table(results))
    if not options.quick and len(groups) == len(GROUPS):
        _write(results)
        console.print("Wrote docs/benchmarks.md and docs/images/bench.svg.", highlight=False)
    return status(results, require_floors=options.require_floors)


def status(results: Iterable[Measured], *, require_floors: bool) -> int:
    """The exit status."""
    unwanted = {Verdict.FAULT, Verdict.MISSED} if require_floors else {Verdict.FAULT}
    return int(any(row.verdict in unwanted for measured in results for row in measured.rows))


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("make bench", description="Measure what the monitoring costs, beside its peers.")
    keys = [group.key for group in GROUPS]
    parser.add_argument("--quick", action="store_true", help="fewer rounds and rows; writes nothing")
    parser.add_argument("--only", type=lambda text: _known(text.split(","), keys), default=keys, help=", ".join(keys))
    parser.add_argument("--require-floors", action="store_true", help="fail when a floor is missed")
    return parser.parse_args(arguments)


def _known(wanted: list[str], keys: list[str]) -> list[str]:
    if strangers := set(wanted) - set(keys):
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(strangers))}; there are {', '.join(keys)}")
    return wanted


def _write(results: Sequence[Measured]) -> None:
    text = page(results, machine=machine(), versions=versions())
    (DOCS / "benchmarks.md").write_text(text, encoding="utf-8")
    (DOCS / "images" / "bench.svg").write_text(chart(results), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
