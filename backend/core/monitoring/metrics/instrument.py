"""What every kind of metric has in common: its declaration, its label sets, and the cells that it stores into."""

from __future__ import annotations

from collections.abc import Mapping
from threading import RLock
from typing import Any, Generic, NoReturn, ParamSpec, Self, TypedDict, cast

from .description import NO_VALUES, Description, Values
from .family import Family
from .labels import Declared, read_declared
from .memory import Place
from .registry import REGISTRY, Registry

P = ParamSpec("P")


class Options(TypedDict, total=False):
    """What any metric may say of itself."""

    unit: str
    """A base unit of Prometheus, at the end of the name too: seconds, bytes …"""
    values: Values
    """All values of each label that has only these, beside those that a `Literal` lists."""
    limit: int
    """The most label sets; what comes after them is counted under `_overflow`."""
    registry: Registry


class Instrument(Generic[P]):
    """A declared metric, or one label set of it."""

    __slots__ = ("_at", "_cells", "_family", "_lock")

    _family: Family[Any]
    _lock: RLock
    _cells: memoryview[float]
    _at: int

    def _declare(self, type: str, name: str, help: str, declared: Declared, options: Mapping[str, Any]) -> None:
        options = dict(options)
        registry: Registry = options.pop("registry", REGISTRY)
        names, values = read_declared(declared, options.pop("values", NO_VALUES))
        description = Description(name, type, help, names, values=values, **options)  # type: ignore[arg-type]
        self._lock = registry.store.lock
        self._family = registry.declare(description, self._child)
        if names:
            self._bind(Place(cast("memoryview[float]", _Unbound(name)), 0))
        else:
            self._family.adopt(self)

    def _child(self) -> Self:
        child = object.__new__(type(self))
        child._family, child._lock = self._family, self._lock
        return child

    def _bind(self, place: Place) -> None:
        self._cells, self._at = place.cells, place.at


class _Unbound:
    """The cells of a metric whose labels were not bound: recording it says so.

    A `__getattr__` would say it too, and slow down every access to every attribute.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getitem__(self, _: object) -> NoReturn:
        raise ValueError(f"{self._name} has labels: bind them with .labels() before recording")

    __setitem__ = __getitem__
