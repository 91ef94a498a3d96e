"""Reading through a cache: what is not there is computed once, however many ask for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from opentelemetry.trace import SpanKind

from backend.core.monitoring.metrics.catalogue import CACHE_HITS, CACHE_MISSES
from backend.core.monitoring.tracing import Work, current, note, spanning

from .cache import Cache

T = TypeVar("T")


@dataclass(slots=True)
class _Flight:
    """A look-up under way, and how many callers wait for it."""

    task: asyncio.Task[Any]
    passengers: int = 0


class ReadThrough:
    """One kind of cached value, e.g. `search`; counts hits and misses under that name."""

    def __init__(self, cache: Cache, cache_type: str) -> None:
        self._cache = cache
        self._prefix = f"artisan:{cache_type}:"
        self._work = Work(f"cache {cache_type}", SpanKind.INTERNAL, {"cache.type": cache_type}, alone=False)
        self._flights: dict[str, _Flight] = {}
        self._hits = CACHE_HITS.labels(cache_type=cache_type)
        self._misses = CACHE_MISSES.labels(cache_type=cache_type)

    async def get(self, key: str, compute: Callable[[], Awaitable[T]], ttl_seconds: float) -> T:
        """The cached value of `key`, or what `compute` gives, kept for `ttl_seconds`.

        Values are plain JSON: a tuple would come back as a list. Callers who ask for a key that is being looked up
        wait for that look-up and count as hits. What `compute` raises reaches all of them and is not kept. The
        look-up is cancelled only when all its callers are.
        """
        flight = self._flights.get(key)
        if flight is None:
            flight = _Flight(asyncio.create_task(self._look_up(key, compute, ttl_seconds)))
            self._flights[key] = flight
        else:
            self._hits.inc()
        flight.passengers += 1
        try:
            value: T = await asyncio.shield(flight.task)
            return value
        finally:
            flight.passengers -= 1
            if not flight.passengers:
                self._land(key, flight)

    def _land(self, key: str, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
        flight.task.cancel()  # does nothing when it is done

    async def _look_up(self, key: str, compute: Callable[[], Awaitable[T]], ttl_seconds: float) -> T:
        with spanning(self._work) as span, current(span):
            cached = await self._read(key)
            note({"cache.hit": cached is not None})
        if cached is not None:
            self._hits.inc()
            value: T = cached[0]
            return value
        self._misses.inc()
        value = await compute()
        await self._cache.set(self._prefix + key, orjson.dumps([value]), ttl_seconds)
        return value

    async def _read(self, key: str) -> list[Any] | None:
        """The value in a list of one, so that a cached null differs from nothing; None for what is not ours."""
        stored = await self._cache.get(self._prefix + key)
        try:
            wrapped = orjson.loads(stored) if stored is not None else None
        except orjson.JSONDecodeError:
            return None
        return wrapped if isinstance(wrapped, list) and len(wrapped) == 1 else None
