"""Metrics that are recorded together show what they would show one after the other, wherever their numbers move."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.core.monitoring.metrics import Counter, Gauge, Histogram, Recording, Registry, Trace


class Shop:
    """A counter, two histograms and a gauge of orders that are going on."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.orders = Counter("orders_total", "Orders", labels=("shop",), registry=self.registry).labels("pune")
        self.seconds = Histogram("order_seconds", "Time", buckets=(0.1, 1), unit="seconds", registry=self.registry)
        self.weight = Histogram("order_kg", "Weight", buckets=(1, 10), registry=self.registry)
        self.open = Gauge("orders_open", "Orders going on", registry=self.registry)
        self.recording = Recording(self.orders, [self.seconds, self.weight], active=self.open)

    def shown(self) -> str:
        return self.registry.render().body.decode()


def test_together_is_as_one_after_the_other() -> None:
    """The same page for the same events."""
    one, other = Shop(), Shop()
    for seconds, weight in ((0.05, 3), (0.1, 10), (7, 0.5)):
        one.open.inc()
        one.recording.record(seconds, weight)
        other.open.inc()
        other.orders.inc()
        other.seconds.observe(seconds)
        other.weight.observe(weight)
        other.open.dec()
    assert one.shown() == other.shown()
    assert 'orders_total{shop="pune"} 3' in one.shown()


def test_it_follows_its_numbers_into_the_file(tmp_path: Path) -> None:
    """What was recorded before and after `share` adds up."""
    shop = Shop()
    shop.recording.record(0.5, 5)
    shop.registry.share(tmp_path)
    shop.recording.record(0.5, 5)
    assert 'order_seconds_bucket{le="1.0"} 2' in shop.shown()
    assert 'orders_total{shop="pune"} 2' in shop.shown()


@pytest.mark.parametrize("observations", [(float("nan"), 1), (1, float("inf")), (1,), (1, 2, 3)])
def test_what_cannot_be_observed_is_refused_whole(observations: tuple[float, ...]) -> None:
    """Nothing is counted by half."""
    shop = Shop()
    before = shop.shown()
    with pytest.raises(ValueError, match="cannot be observed in 2 histograms"):
        shop.recording.record(*observations)
    assert shop.shown() == before


def test_the_first_observation_becomes_the_exemplar() -> None:
    """Of its bucket, and of no other histogram."""
    shop = Shop()
    shop.recording.record(0.5, 5, trace=Trace(0xABC, 0xDEF))
    page = shop.registry.render("application/openmetrics-text").body.decode()
    (line,) = [line for line in page.splitlines() if " # " in line]
    assert line.startswith('order_seconds_bucket{le="1.0"} 1')
    assert f'trace_id="{0xABC:032x}"' in line


def test_metrics_of_two_registries_cannot_be_recorded_together() -> None:
    """They have two locks."""
    with pytest.raises(ValueError, match="of one registry"):
        Recording(Shop().orders, [Shop().seconds])
