"""docs/scaling.md says what is so: the figures of the page of metrics, and names that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.core.config import Settings
from tests.deploy.scaling import Page, exercise, page_of, parts
from tests.e2e.processes import ROOT

TEXT = (ROOT / "docs/scaling.md").read_text()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Page, Page]]:
    """Of a replica at its start, and after every route, tool and error."""
    folder: Path = tmp_path_factory.mktemp("scaling")
    with parts(folder) as real, real.replica(folder / "replica") as service:
        start = page_of(service)
        exercise(service, real.vendor)
        yield start, page_of(service)


def said(row: str) -> list[float]:
    """The numbers in the second column of a row, that of one replica."""
    [cell] = re.findall(rf"^\| {re.escape(row)}[^|]*\| ([^|]+) \|", TEXT, re.MULTILINE)
    return [float(number.replace(",", "")) for number in re.findall(r"[\d,.]*\d", cell)]


def test_the_series_of_a_replica_are_as_many_as_the_page_says(pages: tuple[Page, Page]) -> None:
    """Within 5 %: a metric more or less, or another answer of the vendor."""
    start, after = pages
    assert [len(start.samples), len(after.samples)] == pytest.approx(said("series at the start"), rel=0.05)
    assert [after.histograms] == pytest.approx(said("of these, of histograms"), rel=0.05)
    assert [after.having(endpoint="/api/search", method="GET")] == pytest.approx(
        said("series that one route brings"), rel=0.05
    )


def test_the_page_is_as_long_as_the_page_says(pages: tuple[Page, Page]) -> None:
    """Within 10 %: numbers grow."""
    sizes = pages[1].sizes
    measured = [sizes["text"] / 1000, sizes["openmetrics gzip"] / 1000]
    assert measured == pytest.approx(said("the page: text"), rel=0.1)


def test_what_is_reckoned_follows_from_what_is_measured() -> None:
    """Samples and disk a day of one replica, scraped every 5 s; its index is written with each block of two hours."""
    [_, series] = said("series at the start")
    [sample, *_] = said("bytes of a sample")
    [indexed] = said("bytes of a series")
    assert said("samples a second") == pytest.approx([series / 5], rel=0.01)
    megabytes = series * (86_400 / 5 * sample + 12 * indexed) / 1e6
    assert said("disk of Prometheus a day") == pytest.approx([megabytes], rel=0.02)


def test_what_it_tells_to_turn_exists() -> None:
    """Settings, and files of this project."""
    settings = set(re.findall(r"`([A-Z]+_[A-Z_]+)(?:=|`)", TEXT))
    assert {name for name in settings if not name.startswith("OTEL_")} <= {
        name.upper() for name in Settings.model_fields
    }
    for path in re.findall(r"`((?:monitoring|deploy|tests)/[\w./-]+)`|\]\((\w+\.md)\)", TEXT):
        assert (ROOT / path[0] if path[0] else ROOT / "docs" / path[1]).exists(), path
