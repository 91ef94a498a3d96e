"""The result as a page of the docs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from benchmarks.group import Measured
from benchmarks.row import AGAIN, Row

from .cells import NONE, cells, compared, spread

_HEAD = """\
# What the monitoring costs

`make bench` measures the monitoring beside its peers, in one run on one machine, and writes this page.

    make bench                                # all of it, in up to half an hour; writes this page
    make bench ARGS=--quick                   # fewer rounds and rows, in two to five minutes
    make bench ARGS="--only log_line,memory"  # some of it

The peers live in an environment of their own (`.artisan/bench`), locked by hash in `requirements/bench.txt`. The exit
status is 1 when a page of metrics was wrong; with `--require-floors` also when a floor is missed.

![Cost of the monitoring beside its peers](images/bench.svg)

## The result
"""
_READING = """\
Figures are medians, with the quartiles in brackets. *Floor* is the least that this project promises itself, *goal* is
what it is after; the verdict is computed from the median, and *unsure* where a quartile has another one. The *nearest
peer* is the cheapest, whether it does as much as ours or not: what each of them does stands below.

**How it is measured.** Each variant runs in a process of its own, so that the imports of one have no influence on
another. The variants take turns, A B C A B C; a ratio or a difference is taken within one round, so that what slows
the machine for a while slows both sides of it. Time is CPU time of the process, with all its threads and the kernel's
part, unless the row says otherwise; before each measurement the garbage is collected. The processes of most rows are
started anew several times, since where memory happens to lie makes a difference, too.

**Noise (A/A)** is the baseline against a second copy of itself, measured like any other variant: a difference that is
smaller says nothing.
"""
_SUMMARY = ("what", "ours", "nearest peer", "floor", "goal", "verdict", "noise (A/A)")
_DETAILS = ("what", "variant", "measured", "against the baseline", "rounds")


def page(results: Sequence[Measured], *, machine: str, versions: str) -> str:
    """Markdown."""
    circumstances = (f"**On** {machine}.", f"**With** {versions}.")
    wrapped = (textwrap.fill(text, 120, break_on_hyphens=False, break_long_words=False) for text in circumstances)
    lines = [_HEAD, *_summary(results), "", _READING, "\n\n".join(wrapped)]
    for measured in results:
        lines += ["", f"## {measured.group.title}", "", measured.group.method, "", *_details(measured.rows)]
    return "\n".join([*lines, ""])


def _summary(results: Sequence[Measured]) -> Iterator[str]:
    yield from _head(_SUMMARY)
    for measured in results:
        for row in measured.rows:
            shown = cells(row)
            nearest = shown.others[0] if row.peers else NONE
            limits = (text.replace(" ", "\N{NO-BREAK SPACE}") for text in (shown.floor, shown.goal))
            yield _line([row.what, shown.ours, nearest, *limits, shown.verdict, shown.noise])


def _details(rows: Sequence[Row]) -> Iterator[str]:
    yield from _head(_DETAILS)
    for row in rows:
        what = row.what
        for name in sorted(row.samples, key=lambda name: name.endswith(AGAIN)):
            against = "baseline" if name == row.baseline and len(row.samples) > 1 else compared(row, name)
            yield _line([what, name, spread(row.measured(name), row.unit), against, len(row.samples[name])])
            what = ""


def _head(headings: Sequence[str]) -> Iterator[str]:
    yield _line(headings)
    yield "|---" * len(headings) + "|"


def _line(values: Sequence[object]) -> str:
    return f"| {' | '.join(str(value) for value in values)} |"
