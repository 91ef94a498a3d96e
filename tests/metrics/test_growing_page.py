"""The page is of one moment though it is written piece by piece: what appears between two pieces is on the next one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from backend.core.monitoring.metrics import Counter, Gauge, Histogram, Registry, Trace

from .test_crashes import dies

Numbers = dict[tuple[str, str, str], float]


class Shop:
    """One worker: a registry with a metric of each kind."""

    def __init__(self, directory: Path | None) -> None:
        self.registry = Registry()
        if directory is not None:
            self.registry.share(directory)
        self.sales = Counter("sales_total", "Sales.", labels=("craft",), registry=self.registry)
        self.stock = Gauge("stock", "Stock.", labels=("craft",), registry=self.registry)
        self.prices = Histogram("prices", "Prices.", labels=("craft",), buckets=(1.0,), registry=self.registry)

    def sell(self, craft: str) -> None:
        """A label set more of each metric, or one that is there already."""
        self.sales.labels(craft).inc()
        self.stock.labels(craft).set(7)
        self.prices.labels(craft).observe(0.5, trace=Trace(1, 2))


@pytest.fixture(params=["alone", "shared", "beside a worker"])
def shops(request: pytest.FixtureRequest, tmp_path: Path) -> list[Shop]:
    """The worker that shows the page, and one beside it."""
    number = ["alone", "shared", "beside a worker"].index(request.param)
    return [Shop(tmp_path if number else None) for _ in range(max(1, number))]


def numbers(page: bytes, *, openmetrics: bool) -> Numbers:
    """Each sample by its name, craft and bucket."""
    parse = parse_openmetrics if openmetrics else parse_text
    samples = [sample for family in parse(page.decode()) for sample in family.samples]
    return {(each.name, each.labels.get("craft", ""), each.labels.get("le", "")): each.value for each in samples}


@pytest.mark.parametrize("openmetrics", [False, True])
@pytest.mark.parametrize("before", [0, 1, 3, 400])
def test_label_sets_that_appear_meanwhile_are_on_the_next_page(
    shops: list[Shop], before: int, openmetrics: bool
) -> None:
    """In whatever worker, between whatever pieces, however full the last block of a metric is."""
    for shop in shops:
        for craft in range(before):
            shop.sell(f"old-{craft}")
    new = count()

    def page(*, growing: bool) -> Iterator[bytes]:
        for piece in shops[0].registry.pieces(openmetrics=openmetrics):
            yield piece
            for shop in shops if growing else ():
                shop.sell(f"new-{next(new)}")

    still = numbers(b"".join(page(growing=False)), openmetrics=openmetrics)
    grown = numbers(b"".join(page(growing=True)), openmetrics=openmetrics)
    after = numbers(b"".join(page(growing=False)), openmetrics=openmetrics)
    assert {key: value for key, value in grown.items() if key in still} == still
    assert sum(key[0] == "sales_total" for key in after) == before + next(new)
    assert grown.items() <= after.items()


def test_pages_that_are_written_at_once_do_not_disturb_each_other(shops: list[Shop]) -> None:
    """Turn by turn, while label sets appear."""
    for shop in shops:
        shop.sell("old")
    new, pages = count(), [bytearray() for _ in range(3)]
    writing = [(page, shops[0].registry.pieces(openmetrics=True)) for page in pages]
    while writing:
        for page, pieces in tuple(writing):
            piece = next(pieces, None)
            if piece is None:
                writing.remove((page, pieces))
                continue
            page.extend(piece)
            for shop in shops:
                shop.sell(f"new-{next(new)}")
    for page in pages:
        assert numbers(bytes(page), openmetrics=True)["sales_total", "old", ""] == len(shops)


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("step", range(12))
def test_what_is_folded_meanwhile_is_not_missing(tmp_path: Path, step: int, seen: bool) -> None:
    """Whenever another thread folds the dead, or another scrape begins: a total never falls."""
    shops = [Shop(tmp_path) for _ in range(4)]
    for shop in shops:
        for craft in range(300):
            shop.sell(str(craft))
    if seen:  # by an earlier scrape
        shops[0].registry.render()
    for shop in shops[1:3]:
        dies(shop.registry)
    pieces = shops[0].registry.pieces(openmetrics=True)
    page = b"".join(next(pieces, b"") for _ in range(step))
    shops[3].registry.tidy()  # another worker folds, and this one lets go of what is gone
    shops[0].registry.tidy()
    shops[0].registry.render()
    page += b"".join(pieces)
    assert numbers(page, openmetrics=True)["sales_total", "7", ""] == len(shops)
