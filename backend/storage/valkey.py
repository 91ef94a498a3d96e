"""A cache in Valkey or Redis, shared by all workers.

It speeds a request up and never fails one: when the server is away or slow, reads are misses and writes are dropped.
After a failure it is left alone for a moment, so that a hung server does not cost every request its time-out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from backend.core.monitoring import get_logger

logger = get_logger(__name__)

_TIMEOUT_SECONDS = 0.25
_PAUSE_SECONDS = 5.0
_WARNING_EVERY_SECONDS = 60.0


class ValkeyCache:
    """A `Cache` at a `redis://`, `rediss://` or `unix://` address; connects at the first use."""

    def __init__(
        self, url: str, *, timeout_seconds: float = _TIMEOUT_SECONDS, clock: Callable[[], float] = monotonic
    ) -> None:
        # RESP2: the handshake of RESP3 asks for features that a cache has no use for, and costs a round trip.
        self._client: Redis = Redis.from_url(
            url,
            protocol=2,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 0),
        )
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._paused_until = float("-inf")
        self._next_warning = float("-inf")

    async def get(self, key: str) -> bytes | None:
        """The value, or None when there is none or the server does not give it in time."""
        value = await self._attempt(lambda: self._client.get(key))
        return value if isinstance(value, bytes) else None

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """Keep `value`, or drop it when the server does not take it in time."""
        milliseconds = int(ttl_seconds * 1000)
        if milliseconds > 0:
            await self._attempt(lambda: self._client.set(key, value, px=milliseconds))

    async def ping(self) -> None:
        """Raises RedisError, OSError or TimeoutError when the server does not answer in time."""
        async with asyncio.timeout(self._timeout_seconds):
            await self._client.ping()
        self._paused_until = float("-inf")

    async def close(self) -> None:
        """Close the connections; may be repeated."""
        await self._client.aclose()

    async def _attempt(self, operation: Callable[[], Awaitable[Any]]) -> Any:
        if self._clock() < self._paused_until:
            return None
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await operation()
        except (RedisError, OSError, TimeoutError) as error:
            self._pause(error)
            return None

    def _pause(self, error: Exception) -> None:
        now = self._clock()
        self._paused_until = now + _PAUSE_SECONDS
        if now >= self._next_warning:
            self._next_warning = now + _WARNING_EVERY_SECONDS
            logger.warning("cache_unavailable", error_type=type(error).__name__, error=str(error))
