"""The check that both sides of a comparison show the same, so that neither is quick by leaving something out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.exposition_check import wrong_samples
from benchmarks.families import OPENMETRICS, SAMPLES, SIDES, TEXT

ROUTES, RECORDS = 3, 2


def page_of(side: str, accept: str = TEXT) -> bytes:
    families = SIDES[side]()
    for record in families.children(ROUTES):
        for _ in range(RECORDS):
            record()
    return families.render(accept)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("accept", [TEXT, OPENMETRICS])
def test_each_side_shows_all_that_was_recorded(side: str, accept: str) -> None:
    page = page_of(side, accept)
    assert wrong_samples(page, routes=ROUTES, records=RECORDS) == 0
    assert sum(line.startswith(b"bench_") for line in page.splitlines()) == ROUTES * SAMPLES


@pytest.mark.parametrize(
    ("damage", "wrong"),
    [
        (lambda lines: lines[:-1], 1),
        (lambda lines: [*lines, lines[-1]], 1),
        (lambda lines: [*lines[:-1], lines[-2]], 1),
        (lambda lines: [*lines[:-1], lines[-1].rpartition(b" ")[0] + b" 7.0"], 1),
        (lambda lines: [*lines, b'bench_requests_total{endpoint="/elsewhere",method="GET",status="200"} 2.0'], 1),
        (lambda _: [], ROUTES * SAMPLES),
    ],
    ids=["missing", "doubled", "another in its place", "another value", "unknown", "empty"],
)
def test_what_is_wrong_is_found(damage: Callable[[list[bytes]], list[bytes]], wrong: int) -> None:
    page = b"\n".join(damage(page_of("ours").splitlines()))
    assert wrong_samples(page, routes=ROUTES, records=RECORDS) == wrong


def test_a_record_that_is_not_shown_is_found() -> None:
    assert wrong_samples(page_of("ours"), routes=ROUTES, records=RECORDS + 1) == ROUTES * SAMPLES
