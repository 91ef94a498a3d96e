"""A cache in Valkey or Redis, shared by all workers and replicas.

It speeds a request up and never fails one. What can go wrong is of two kinds:

- The server does not answer: it is away, hung, loading, or refuses the login. It is then left alone for a moment, after
  which one request tries again while the others go without. So a hung server costs one request in a while its time
  limit, and not every request.
- It answers a command with a refusal: its memory is full, it is a replica, the user may not. Then that command is
  dropped and the others go on: a full cache still gives what it holds.

Each reason is warned of once a minute, and `ping` tells it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import ConnectionPool, SSLConnection
from redis.asyncio.connection import AbstractConnection, RedisSSLContext
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError, ResponseError

from backend.core.errors import ConfigError
from backend.core.monitoring import get_logger

from .cache import CacheUnavailable

logger = get_logger(__name__)

_TIMEOUT_SECONDS = 0.25
_PAUSE_SECONDS = 5.0
_WARNING_EVERY_SECONDS = 60.0
_GOODBYE_SECONDS = _TIMEOUT_SECONDS / 2  # of TLS, that the server may leave without an answer
_CONNECTIONS = 16  # more than one event loop keeps busy
_LARGEST_VALUE = 2**20  # bytes; to send more might take as long as the time limit, and look like a hung server
_PING_KEY, _PING_MILLISECONDS = "artisan:ping", 10_000


class ValkeyCache:
    """A `Cache` at a `redis://`, `rediss://` or `unix://` address; connects at the first use.

    `timeout_seconds` bounds the wait for a free connection, and then each command with all that it takes, name look-up
    and TLS included. Raises ConfigError when the address cannot be read.
    """

    def __init__(
        self, url: str, *, timeout_seconds: float = _TIMEOUT_SECONDS, clock: Callable[[], float] = monotonic
    ) -> None:
        self._pool = _pool(url)
        # An empty pool raises at once; here those who come later wait for their turn.
        self._turns = asyncio.Semaphore(self._pool.max_connections)
        self._breaker = _Breaker(clock)
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._next_warnings: dict[tuple[str, type[Exception]], float] = {}
        self._refusal = ""  # the last one that a request met since the last ping

    async def get(self, key: str) -> bytes | None:
        """The value, or None when there is none or the server does not give it in time."""
        return await self._try("GET", key)

    async def set(self, key: str, value: bytes, ttl_seconds: float) -> None:
        """Keep `value`, or drop it when it is above 1 MiB or the server does not take it in time."""
        milliseconds = int(ttl_seconds * 1000)
        if milliseconds > 0 and len(value) <= _LARGEST_VALUE:
            await self._try("SET", key, value, "PX", milliseconds)

    async def ping(self) -> None:
        """Write and read a small value; CacheUnavailable when that fails, or when requests have met a refusal."""
        refusal, self._refusal = self._refusal, ""
        async with self._turn():
            await self._ask("SET", _PING_KEY, b"1", "PX", _PING_MILLISECONDS)
            await self._ask("GET", _PING_KEY)
        if refusal:
            raise CacheUnavailable(refusal)

    async def close(self) -> None:
        """Close the connections; may be repeated. A server that hangs holds this up for the time limit at most."""
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(self._timeout_seconds):
                await self._pool.aclose()

    async def _try(self, *command: str | bytes | int) -> bytes | None:
        """The answer to a command, or None where the server is left alone or gives none."""
        if self._breaker.is_open:
            return None
        try:
            async with self._turn():
                return await self._ask(*command) if self._breaker.admits() else None
        except _Refused as refusal:
            self._refusal = str(refusal)
        except CacheUnavailable:
            pass  # warned of where it happened
        return None

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[None]:
        """Room for one more connection; raises CacheUnavailable when all stay busy for the time limit."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await self._turns.acquire()
        except TimeoutError as error:  # as often our own doing as the server's, so the breaker stays as it is
            reason = f"all {self._pool.max_connections} connections are busy"
            raise CacheUnavailable(self._warned("cache_busy", error, reason)) from None
        try:
            yield
        finally:
            self._turns.release()

    async def _ask(self, *command: str | bytes | int) -> bytes | None:
        """The server's answer to a command; raises CacheUnavailable, _Refused when the server has said no."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                answer = await self._exchange(*command)
        except ResponseError as error:
            self._breaker.close()
            reason = f"{command[0]!s} refused: {_text(error)}"
            raise _Refused(self._warned("cache_refuses", error, reason)) from None
        except TimeoutError as error:
            self._breaker.trip()
            reason = f"no answer within {self._timeout_seconds:g} s"
            raise CacheUnavailable(self._warned("cache_unavailable", error, reason)) from None
        except Exception as error:  # a request never fails by its cache, whatever the driver comes up with
            self._breaker.trip()
            raise CacheUnavailable(self._warned("cache_unavailable", error, _text(error))) from None
        self._breaker.close()
        return answer

    async def _exchange(self, *command: str | bytes | int) -> bytes | None:
        """One command on one connection. One that is left halfway is closed, so that nobody reads its late answer."""
        try:
            connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]
        except ResponseError as error:  # to the login or the choice of a database: no command would be heard either
            raise NoConnection(_text(error)) from None
        try:
            await connection.send_command(*command)
            answer: bytes | None = await connection.read_response(disable_decoding=True)
            return answer
        finally:
            await self._pool.release(connection)

    def _warned(self, event: str, error: Exception, reason: str) -> str:
        """The reason, told to the log once a minute."""
        kind, now = (event, type(error)), self._clock()
        if now >= self._next_warnings.get(kind, float("-inf")):
            self._next_warnings[kind] = now + _WARNING_EVERY_SECONDS
            logger.warning(event, error_type=type(error).__name__, error=reason)
        return reason


class _Refused(CacheUnavailable):
    """The server has answered with an error: the way to it works, and other commands may."""


class _Breaker:
    """Keeps requests away from a server that does not answer, and lets one of them try after each pause.

    A server that has not answered yet is no better known than one that has failed: the first request tries it alone.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._answers = False
        self._next_trial = float("-inf")

    @property
    def is_open(self) -> bool:
        """Whether nobody is to ask now."""
        return not self._answers and self._clock() < self._next_trial

    def admits(self) -> bool:
        """Whether the caller may ask; as a trial it shuts out the others until it has ended."""
        if self.is_open:
            return False
        self._next_trial = self._clock() + _PAUSE_SECONDS
        return True

    def close(self) -> None:
        """The server has answered."""
        self._answers = True

    def trip(self) -> None:
        """It has not."""
        self._answers = False
        self._next_trial = self._clock() + _PAUSE_SECONDS


class _TlsConnection(SSLConnection):
    """Waits for the server's goodbye for a moment. asyncio does for 30 s, in which a hung server keeps our sockets."""

    def _connection_arguments(self) -> Mapping[str, Any]:
        arguments = super()._connection_arguments()
        return {**arguments, "ssl_shutdown_timeout": _GOODBYE_SECONDS}


class _Connections(ConnectionPool):
    """A pool whose TLS connections share the certificates that they trust: to load them takes the event loop 50 ms."""

    _tls: RedisSSLContext | None = None

    def make_connection(self) -> AbstractConnection:
        """A connection that is not open yet."""
        connection: AbstractConnection = super().make_connection()  # type: ignore[no-untyped-call]
        if isinstance(connection, SSLConnection):
            self._tls = connection.ssl_context = self._tls or connection.ssl_context
        return connection


def _pool(url: str) -> _Connections:
    """The connections to `url`, none of them open; raises ConfigError, which repeats no part of what may be secret."""
    try:
        address = urlsplit(url)
        readable = address.scheme == "unix" or not ("@" in address.path + address.query or address.fragment)
        # RESP2: the handshake of RESP3 asks for features that a cache has no use for, and costs a round trip. The time
        # limits are ours, since the driver's own would add up, one for each step.
        pool = _Connections.from_url(
            url,
            protocol=2,
            socket_timeout=None,
            socket_connect_timeout=None,
            retry=Retry(NoBackoff(), 0),
            max_connections=_CONNECTIONS,
        )
        if issubclass(pool.connection_class, SSLConnection):
            pool.connection_class = _TlsConnection
        pool.make_connection()  # looks at the options
    except (ValueError, TypeError, RedisError):
        readable = False
    if not readable:
        raise ConfigError(
            "REDIS_URL=(secret): cannot be read; in a user's name or password signs such as / # ? @ : % must be "
            "percent-encoded, and options must be known to redis-py (docs/cache.md)"
        )
    return pool


def _text(error: Exception) -> str:
    """What an error says, with the server's code before it, e.g. `OOM command not allowed …`."""
    code = getattr(error, "status_code", None)
    return f"{code} {error}" if code else str(error) or type(error).__name__
