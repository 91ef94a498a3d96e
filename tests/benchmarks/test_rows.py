"""What is made of measurements: comparisons, verdicts, noise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.__main__ import status
from benchmarks.row import Comparison, Target, Verdict
from benchmarks.spread import Spread

from .made_up import measured, row

RATIO, SPEEDUP, DIFFERENCE, ABSOLUTE = Comparison.RATIO, Comparison.SPEEDUP, Comparison.DIFFERENCE, Comparison.ABSOLUTE


def test_variants_are_compared_within_each_round() -> None:
    """A round that is slow for both sides, such as the second, changes nothing."""
    compared = row([12, 24, 14], [10, 20, 10], RATIO).compared("ours")
    assert compared == Spread(median=1.2, low=1.2, high=pytest.approx(1.3))


def test_rounds_without_their_counterpart_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        row([12, 24], [10], RATIO).compared("ours")


def test_no_measurement_is_no_figure() -> None:
    with pytest.raises(ValueError, match="no measurements"):
        Spread.of([])


@pytest.mark.parametrize(
    ("ours", "comparison", "target", "verdict"),
    [
        (11.0, RATIO, Target(floor=1.3, goal=1.1), Verdict.GOAL),
        (12.0, RATIO, Target(floor=1.3, goal=1.1), Verdict.FLOOR),
        (14.0, RATIO, Target(floor=1.3, goal=1.1), Verdict.MISSED),
        (0.4, SPEEDUP, Target(floor=10, goal=25), Verdict.GOAL),
        (1.0, SPEEDUP, Target(floor=10, goal=25), Verdict.FLOOR),
        (1.1, SPEEDUP, Target(floor=10, goal=25), Verdict.MISSED),
        (13.0, DIFFERENCE, Target(floor=6, goal=3), Verdict.GOAL),
        (16.1, DIFFERENCE, Target(floor=6, goal=3), Verdict.MISSED),
        (5.0, ABSOLUTE, Target(floor=10, goal=5), Verdict.GOAL),
        (10.1, ABSOLUTE, Target(floor=10, goal=5), Verdict.MISSED),
        (99.0, RATIO, None, Verdict.NONE),
    ],
)
def test_the_verdict_is_of_the_median_against_the_target(
    ours: float, comparison: Comparison, target: Target | None, verdict: Verdict
) -> None:
    assert row([0.1, ours, 1000], [10, 10, 10], comparison, target).verdict is verdict


def test_a_verdict_is_unsure_when_a_quartile_has_another_one() -> None:
    """One round that strays is no reason for doubt."""
    target = Target(floor=1.3, goal=1.1)
    steady, wide = ([12, 12, 12.5, 12, 40], [10.5, 12, 12, 12, 10.5])
    assert row(steady, [10] * 5, RATIO, target).sure
    assert not row(wide, [10] * 5, RATIO, target).sure
    assert row(wide, [10] * 5, RATIO).sure


def test_a_miss_says_by_which_share_of_the_floor() -> None:
    assert row([15.6], [10], RATIO, Target(1.3, 1.2)).missed_by == pytest.approx(0.2)
    assert row([2], [10], SPEEDUP, Target(10, 25)).missed_by == pytest.approx(0.5)
    assert row([12], [10], RATIO, Target(1.3, 1.2)).missed_by == 0


def test_a_wrong_answer_is_a_fault_however_quick() -> None:
    """And it fails the command, while a missed floor does so only when asked."""
    quick_and_wrong = row([1], [10], RATIO, Target(1.3, 1.2), fault="3 samples are wrong")
    slow = row([20], [10], RATIO, Target(1.3, 1.2))
    good = row([11], [10], RATIO, Target(1.3, 1.2))
    assert quick_and_wrong.verdict is Verdict.FAULT
    assert status([measured(good, quick_and_wrong)], require_floors=False) == 1
    assert status([measured(good), measured(slow)], require_floors=False) == 0
    assert status([measured(good), measured(slow)], require_floors=True) == 1
    assert status([measured(good)], require_floors=True) == 0


def test_noise_is_the_baseline_against_its_own_copy() -> None:
    """As a difference where the row has differences: a ratio of two tiny costs would say nothing about them."""
    again = {"samples": {"base again": [11, 11]}}
    ratio, difference = (row([12, 12], [10, 10], kind, **again).noise for kind in (RATIO, DIFFERENCE))
    assert ratio is not None
    assert difference is not None
    assert (ratio.median, difference.median) == (1.1, 1)
    assert row([12, 12], [10, 10], RATIO).noise is None


def test_peers_are_the_others_that_monitor_the_nearest_first() -> None:
    samples = {"far": [90], "near": [20], "idle": [1], "base again": [10]}
    assert row([12], [10], RATIO, samples=samples, without=("base", "idle")).peers == ("near", "far")
    assert row([12], [50], SPEEDUP, samples=samples, without=("idle",)).peers == ("near", "base", "far")


@given(st.sampled_from(Comparison), st.floats(0.1, 1e6), st.floats(0.1, 1e6))
def test_a_limit_is_where_the_comparison_would_give_it(comparison: Comparison, ours: float, baseline: float) -> None:
    """The lines of the chart stand where a bar would just reach them."""
    measured = row([ours], [baseline], comparison)
    assert measured.limit(measured.compared("ours").median) == pytest.approx(ours)
