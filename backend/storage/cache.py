"""What a cache is, and the one that lives in this process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Protocol


class CacheUnavailable(Exception):
    """A cache does not do its work; the text says why, and names no password."""


class Cache(Protocol):
    """Bytes by key, for a while. A cache may lose anything at any time, and its loss never fails a request."""

    async def get(self, key: str) -> bytes | None:
        """The value, or None when there is none, it is too old, or the cache is away."""

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """Keep `value` for `ttl_seconds`, if possible."""

    async def ping(self) -> None:
        """Return when the cache works, for reading and for writing; raises CacheUnavailable when it does not."""

    async def close(self) -> None:
        """Let go of connections; may be repeated."""


class MemoryCache:
    """Keeps at most `max_entries` values in this process and drops the least recently used first."""

    def __init__(self, max_entries: int = 2048, *, clock: Callable[[], float] = monotonic) -> None:
        self._max_entries = max_entries
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def get(self, key: str) -> bytes | None:
        """The value, unless it is older than its time to live."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        expires, value = entry
        if expires <= self._clock():
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return value

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """Keep `value`; nothing is kept for a time that is not positive."""
        self._entries[key] = (self._clock() + ttl_seconds, value)
        self._entries.move_to_end(key)
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)

    async def ping(self) -> None:
        """Memory is always there."""

    async def close(self) -> None:
        """Forget everything."""
        self._entries.clear()
