"""Counter, Gauge, Histogram and Info: how a metric is declared and recorded.

They read like prometheus_client's. Bind a label set once where it is known, then record through the bound child::

    class Order(NamedTuple):
        shop: str
        kind: Literal["retail", "wholesale"]

    ORDERS = Counter("orders_total", "Orders taken", labels=Order)
    pune = ORDERS.labels(shop="pune", kind="retail")
    pune.inc()

Declared with a NamedTuple, a wrong name, a missing one, a value that no `Literal` lists and a record without its labels
are errors for mypy: what can be recorded is a `Counter[[]]`, which has no labels left. Names alone
(`labels=("shop", "kind")`) are checked when a child is bound.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import ParamSpec, Unpack, cast, overload

from . import exemplars
from .description import Across
from .exemplars import Trace
from .instrument import Instrument, Options
from .labels import Declared
from .memory import Place
from .registry import REGISTRY, Registry

P = ParamSpec("P")
_INFINITY = math.inf


class Counter(Instrument[P]):
    """A total that only rises; its name ends in `_total`. Those of several workers are added up."""

    __slots__ = ()

    @overload
    def __init__(self: Counter[[]], name: str, help: str, **options: Unpack[Options]) -> None: ...
    @overload
    def __init__(
        self: Counter[...], name: str, help: str, *, labels: Sequence[str], **options: Unpack[Options]
    ) -> None: ...
    @overload
    def __init__(
        self, name: str, help: str, *, labels: Callable[P, tuple[str, ...]], **options: Unpack[Options]
    ) -> None: ...
    def __init__(self, name: str, help: str, *, labels: Declared = (), **options: Unpack[Options]) -> None:
        self._declare("counter", name, help, labels, options)

    def labels(self, *args: P.args, **kwargs: P.kwargs) -> Counter[[]]:
        """The child with these label values, created at 0; raises ValueError on a wrong or missing label name."""
        return cast("Counter[[]]", self._family.find(args, kwargs))

    def inc(self: Counter[[]], amount: float = 1.0) -> None:
        """Add `amount`; raises ValueError when it is negative or not finite."""
        if not 0.0 <= amount < _INFINITY:
            raise ValueError(f"a counter cannot be increased by {amount}")
        with self._lock:
            self._cells[self._at] += amount


class Gauge(Instrument[P]):
    """A value that rises and falls. `across` says what the values of several workers are together."""

    __slots__ = ("_dated",)

    _dated: bool

    @overload
    def __init__(
        self: Gauge[[]], name: str, help: str, *, across: Across = ..., **options: Unpack[Options]
    ) -> None: ...
    @overload
    def __init__(
        self: Gauge[...],
        name: str,
        help: str,
        *,
        labels: Sequence[str],
        across: Across = ...,
        **options: Unpack[Options],
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        help: str,
        *,
        labels: Callable[P, tuple[str, ...]],
        across: Across = ...,
        **options: Unpack[Options],
    ) -> None: ...
    def __init__(
        self, name: str, help: str, *, labels: Declared = (), across: Across = "sum", **options: Unpack[Options]
    ) -> None:
        self._declare("gauge", name, help, labels, {**options, "across": across})

    def labels(self, *args: P.args, **kwargs: P.kwargs) -> Gauge[[]]:
        """The child with these label values, created at 0; raises ValueError on a wrong or missing label name."""
        return cast("Gauge[[]]", self._family.find(args, kwargs))

    def set(self: Gauge[[]], value: float) -> None:
        """Replace the value."""
        with self._lock:
            self._cells[self._at] = value
            if self._dated:
                self._cells[self._at + 1] = time.monotonic()

    def inc(self: Gauge[[]], amount: float = 1.0) -> None:
        """Add `amount`."""
        with self._lock:
            self._cells[self._at] += amount
            if self._dated:
                self._cells[self._at + 1] = time.monotonic()

    def dec(self: Gauge[[]], amount: float = 1.0) -> None:
        """Take `amount` away."""
        with self._lock:
            self._cells[self._at] -= amount
            if self._dated:
                self._cells[self._at + 1] = time.monotonic()

    def _bind(self, place: Place) -> None:
        super()._bind(place)
        self._dated = self._family.description.cells > 1


class Histogram(Instrument[P]):
    """Observations counted into buckets; a threshold that an alert uses must be one of the edges.

    There is no count beside the buckets that could contradict them: it is their sum.
    """

    __slots__ = ("_edges", "_exemplars", "_sum")

    _edges: tuple[float, ...]
    _sum: int
    _exemplars: memoryview | None

    @overload
    def __init__(
        self: Histogram[[]], name: str, help: str, *, buckets: Sequence[float], **options: Unpack[Options]
    ) -> None: ...
    @overload
    def __init__(
        self: Histogram[...],
        name: str,
        help: str,
        *,
        buckets: Sequence[float],
        labels: Sequence[str],
        **options: Unpack[Options],
    ) -> None: ...
    @overload
    def __init__(
        self,
        name: str,
        help: str,
        *,
        buckets: Sequence[float],
        labels: Callable[P, tuple[str, ...]],
        **options: Unpack[Options],
    ) -> None: ...
    def __init__(
        self, name: str, help: str, *, buckets: Sequence[float], labels: Declared = (), **options: Unpack[Options]
    ) -> None:
        edges = tuple(float(edge) for edge in buckets)
        self._declare("histogram", name, help, labels, {**options, "buckets": edges})

    def labels(self, *args: P.args, **kwargs: P.kwargs) -> Histogram[[]]:
        """The child with these label values, created at 0; raises ValueError on a wrong or missing label name."""
        return cast("Histogram[[]]", self._family.find(args, kwargs))

    def observe(self: Histogram[[]], value: float, trace: Trace | None = None) -> None:
        """Count one observation, in the metric's unit; raises ValueError when it is not finite.

        With a `trace` it becomes the exemplar of its bucket.
        """
        if not -_INFINITY < value < _INFINITY:
            raise ValueError(f"{value} cannot be observed")
        bucket = bisect_left(self._edges, value)
        with self._lock:
            cells = self._cells
            cells[self._at + bucket] += 1.0
            cells[self._sum] += value
            if trace is not None:
                self._keep_exemplar(bucket, exemplars.pack(value, trace))

    def _keep_exemplar(self, bucket: int, record: bytes) -> None:
        if self._exemplars is None:
            self._exemplars = self._family.place_exemplars(self)
        start = bucket * exemplars.SIZE
        self._exemplars[start : start + exemplars.SIZE] = record

    def _bind(self, place: Place) -> None:
        super()._bind(place)
        self._edges, self._exemplars = self._family.description.buckets, None
        self._sum = self._at + len(self._edges) + 1


class Info:
    """Facts about the service as labels of a series that is always 1; its name ends in `_info`."""

    __slots__ = ("_gauge", "_shown")

    def __init__(self, name: str, help: str, *, labels: Declared, registry: Registry = REGISTRY) -> None:
        self._gauge: Gauge[...] = Gauge(name, help, labels=labels, across="any", registry=registry)
        self._shown: Gauge[[]] | None = None

    def set(self, **facts: str) -> None:
        """Replace all facts; raises ValueError when they are not the declared labels."""
        now = self._gauge.labels(**facts)
        if self._shown is not None and self._shown is not now:
            self._shown.set(0.0)
        self._shown = now
        now.set(1.0)
