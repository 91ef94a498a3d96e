"""Real measurements, of variants that need no peer: each in a process of its own."""

from __future__ import annotations

import pytest

from benchmarks.measurements import dead_workers, tracked_call
from benchmarks.process import Process, interleave
from benchmarks.row import AGAIN, OURS

CALL, BARE = tracked_call.__name__, tracked_call.BARE


def test_variants_take_turns_and_ours_costs_something() -> None:
    answers = interleave(CALL, (BARE, OURS, BARE + AGAIN), {"calls": 500}, rounds=3)
    row = tracked_call.row(answers)
    assert {name: len(samples) for name, samples in row.samples.items()} == {BARE: 3, OURS: 3, BARE + AGAIN: 3}
    assert row.noise is not None
    assert row.compared(OURS).median > abs(row.noise.median)


def test_the_workers_of_a_fleet_lose_nothing_when_they_die() -> None:
    """What is scraped is what they have recorded, before and after the dead are folded."""
    with Process(dead_workers.__name__, OURS, dead=2) as process:
        process.wait_until_ready()
        answer = process.ask()
    assert answer["wrong"] == 0
    assert 0 < answer["tidied_megabytes"] < answer["megabytes"]


def test_a_variant_that_dies_says_why() -> None:
    with Process(CALL, "nobody") as process, pytest.raises(RuntimeError, match="KeyError: 'nobody'"):
        process.wait_until_ready()
