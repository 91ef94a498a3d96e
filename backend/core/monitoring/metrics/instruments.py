"""Counter, Gauge, Histogram and Info: how a metric is declared and recorded.

They read like prometheus_client's, which keeps the values for now. Bind a label set once where it is known, then
record through the bound child::

    ORDERS = Counter("orders_total", "Orders taken", labels=("shop",))
    pune = ORDERS.labels(shop="pune")
    pune.inc()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Generic, Self, TypeVar

import prometheus_client

from .registry import REGISTRY, Description, Registry

Values = Mapping[str, tuple[str, ...]]
"""All values of each label that has only these."""
NO_VALUES: Values = MappingProxyType({})
Store = TypeVar("Store", prometheus_client.Counter, prometheus_client.Gauge, prometheus_client.Histogram)


class _Instrument(Generic[Store]):
    """A declared metric, or one label set of it."""

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store: Store = store

    def labels(self, **values: str) -> Self:
        """The child with these label values, created at 0; raises ValueError on a wrong or missing label name."""
        child = object.__new__(type(self))
        child._store = self._store.labels(**values)
        return child


class Counter(_Instrument[prometheus_client.Counter]):
    """A total that only rises; its name ends in `_total`."""

    __slots__ = ()

    def __init__(
        self,
        name: str,
        help: str,
        *,
        labels: Sequence[str] = (),
        unit: str = "",
        values: Values = NO_VALUES,
        registry: Registry = REGISTRY,
    ) -> None:
        if not name.endswith("_total"):
            raise ValueError(f"counter {name!r} must end in _total")
        registry.declare(Description(name, "counter", help, tuple(labels), unit, values=values))
        super().__init__(prometheus_client.Counter(name, help, tuple(labels), registry=registry.store))

    def inc(self, amount: float = 1.0) -> None:
        """Add `amount`, which is not negative (ValueError)."""
        self._store.inc(amount)


class Gauge(_Instrument[prometheus_client.Gauge]):
    """A value that rises and falls."""

    __slots__ = ()

    def __init__(
        self,
        name: str,
        help: str,
        *,
        labels: Sequence[str] = (),
        unit: str = "",
        values: Values = NO_VALUES,
        registry: Registry = REGISTRY,
    ) -> None:
        registry.declare(Description(name, "gauge", help, tuple(labels), unit, values=values))
        super().__init__(prometheus_client.Gauge(name, help, tuple(labels), registry=registry.store))

    def set(self, value: float) -> None:
        """Replace the value."""
        self._store.set(value)

    def inc(self, amount: float = 1.0) -> None:
        """Add `amount`."""
        self._store.inc(amount)

    def dec(self, amount: float = 1.0) -> None:
        """Take `amount` away."""
        self._store.dec(amount)

    def set_function(self, read: Callable[[], float]) -> None:
        """Ask `read` for the value at every scrape; it must be quick and must not raise."""
        self._store.set_function(read)


class Histogram(_Instrument[prometheus_client.Histogram]):
    """Observations counted into buckets; a threshold that an alert uses must be one of the edges."""

    __slots__ = ()

    def __init__(
        self,
        name: str,
        help: str,
        *,
        buckets: Sequence[float],
        labels: Sequence[str] = (),
        unit: str = "",
        values: Values = NO_VALUES,
        registry: Registry = REGISTRY,
    ) -> None:
        edges = tuple(float(edge) for edge in buckets)
        registry.declare(Description(name, "histogram", help, tuple(labels), unit, edges, values))
        super().__init__(prometheus_client.Histogram(name, help, tuple(labels), registry=registry.store, buckets=edges))

    def observe(self, value: float) -> None:
        """Count one observation, in the metric's unit."""
        self._store.observe(value)


class Info:
    """Facts about the process as labels of a series that is always 1; its name ends in `_info`."""

    __slots__ = ("_labels", "_store")

    def __init__(self, name: str, help: str, *, labels: Sequence[str], registry: Registry = REGISTRY) -> None:
        if not name.endswith("_info"):
            raise ValueError(f"info {name!r} must end in _info")
        registry.declare(Description(name, "gauge", help, tuple(labels)))
        self._labels = frozenset(labels)
        self._store = prometheus_client.Info(name.removesuffix("_info"), help, registry=registry.store)

    def set(self, **facts: str) -> None:
        """Replace all facts; raises ValueError when they are not the declared labels."""
        if facts.keys() != self._labels:
            raise ValueError(f"expected the labels {sorted(self._labels)}, got {sorted(facts)}")
        self._store.info(facts)
