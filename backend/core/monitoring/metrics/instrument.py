"""What every kind of metric has in common: its declaration, its label sets, and the cells that it stores into."""

from __future__ import annotations

from collections.abc import Mapping
from threading import RLock
from typing import Any, Generic, ParamSpec, Self, TypedDict

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
        if not names:
            self._family.adopt(self)

    def _child(self) -> Self:
        child = object.__new__(type(self))
        child._family, child._lock = self._family, self._lock
        return child

    def _bind(self, place: Place) -> None:
        self._cells, self._at = place.cells, place.at

    def __getattr__(self, name: str) -> Any:
        """Only a slot that was never filled comes here."""
        if name == "_cells":
            raise ValueError(f"{self._family.description.name} has labels: bind them with .labels() before recording")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
