"""Shows how many connections the pool has, and how long callers waited for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from sqlalchemy import Pool, event
from sqlalchemy.exc import TimeoutError as PoolTimeout

from backend.core.monitoring.metrics.catalogue import (
    DB_POOL_CONNECTIONS,
    DB_POOL_CONNECTIONS_MAX,
    DB_POOL_TIMEOUTS,
    DB_POOL_WAIT,
)


class PoolMetrics:
    """Counts the connections of `pool`, which opens at most `limit`, from the pool's own events."""

    def __init__(self, pool: Pool, limit: int) -> None:
        self._used = DB_POOL_CONNECTIONS.labels(state="used")
        self._idle = DB_POOL_CONNECTIONS.labels(state="idle")
        DB_POOL_CONNECTIONS_MAX.set(limit)
        event.listen(pool, "connect", self._opened)
        event.listen(pool, "close", self._closed)
        event.listen(pool, "checkout", self._taken)
        event.listen(pool, "checkin", self._given_back)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Times how long a connection takes to come, and counts one that did not come in time."""
        began = perf_counter()
        try:
            yield
        except PoolTimeout:
            DB_POOL_TIMEOUTS.inc()
            raise
        DB_POOL_WAIT.observe(perf_counter() - began)

    # A connection is opened and closed while it is idle; between the two it is taken and given back.

    def _opened(self, *_: Any) -> None:
        self._idle.inc()

    def _closed(self, *_: Any) -> None:
        self._idle.dec()

    def _taken(self, *_: Any) -> None:
        self._idle.dec()
        self._used.inc()

    def _given_back(self, *_: Any) -> None:
        self._used.dec()
        self._idle.inc()
