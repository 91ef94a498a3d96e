"""cache: does it answer, does it take values, does it throw out the oldest."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm, Skipped
from artisan.doctor.patient import ANSWER_SECONDS, Patient
from artisan.doctor.secrets import PLACEHOLDER, shown

_AWAY = "Every answer is computed anew, and RedisUnavailable rings."
_NEARLY = 0.9  # of its memory


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """The server at REDIS_URL; nothing is written to it."""
    url = patient.settings.redis_url
    if not url:
        raise Skipped("REDIS_URL is empty, so the cache is in memory")
    try:
        client = Redis.from_url(
            url, protocol=2, socket_timeout=None, socket_connect_timeout=None, retry=Retry(NoBackoff(), 0)
        )
    except (ValueError, TypeError):
        raise Skipped("REDIS_URL cannot be read") from None
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await client.ping()
            memory, replication = await client.info("memory"), await client.info("replication")
    except NoPermissionError as error:
        what = f"The cache answers, and lets this user not look at its memory: {error}."
        yield Finding(Harm.NOTE, what, "Whether it is full cannot be told.", f"{_client(url)} ACL WHOAMI")
    except (OSError, TimeoutError, RedisError) as error:
        yield Finding(Harm.ERROR, _trouble(url, error), _AWAY, _mend(patient, url, error))
    else:
        for finding in _verdict(url, memory, replication):
            yield finding
    finally:
        await client.aclose()


CHECK = Check("cache", examine, needs=("redis_url",))


def _trouble(url: str, error: Exception) -> str:
    where = f"The cache at {shown(url)}"
    if _of(error, ssl.SSLError):
        return f"{where} cannot be reached by TLS: {_of(error, ssl.SSLError)}."
    if _is_login(error):
        return f"{where} refuses the login: {error}."
    if isinstance(error, TimeoutError):
        return f"{where} does not answer within {ANSWER_SECONDS:g} s."
    if isinstance(error, ResponseError):
        return f"{where} refuses: {error}."
    return f"{where} cannot be reached: {error or type(error).__name__}."


def _mend(patient: Patient, url: str, error: Exception) -> str:
    parts = urlsplit(url)
    if _is_login(error):
        where = parts.netloc.rpartition("@")[2]
        return patient.line("REDIS_URL", f"{parts.scheme}://:{PLACEHOLDER}@{where}{parts.path}")
    return f"{_client(url)} PING"


def _is_login(error: Exception) -> bool:
    return isinstance(error, AuthenticationError) or str(error).startswith(("NOAUTH", "WRONGPASS", "NOPERM"))


def _of(error: BaseException | None, kind: type[BaseException]) -> BaseException | None:
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error


def _verdict(url: str, memory: Mapping[str, Any], replication: Mapping[str, Any]) -> list[Finding]:
    found: list[Finding] = []
    if replication.get("role") == "slave":
        what = f"The cache at {shown(url)} is a replica, which takes no values."
        found.append(Finding(Harm.ERROR, what, "Every answer is computed anew.", f"{_client(url)} INFO replication"))
    most, used = int(memory.get("maxmemory", 0)), int(memory.get("used_memory", 0))
    if most and memory.get("maxmemory_policy") == "noeviction":
        mend = f"{_client(url)} CONFIG SET maxmemory-policy allkeys-lru"
        share = used / most
        if share >= 1:
            what = f"The cache is full: it has {_mib(most)} and throws nothing out (maxmemory-policy noeviction)."
            found.append(Finding(Harm.ERROR, what, "It takes no new values, so hits become rare.", mend))
        elif share >= _NEARLY:
            what = f"The cache has {share:.0%} of its {_mib(most)} in use and throws nothing out (noeviction)."
            found.append(Finding(Harm.WARNING, what, "Once it is full it takes no new values.", mend))
        else:
            what = f"The cache throws nothing out when its {_mib(most)} are full (maxmemory-policy noeviction)."
            found.append(Finding(Harm.WARNING, what, "Once it is full it takes no new values.", mend))
    return found


def _mib(size: int) -> str:
    return f"{size / 2**20:.3g} MiB"


def _client(url: str) -> str:
    """The operator's own client, which asks for the password by itself."""
    parts = urlsplit(url)
    words = ["valkey-cli", "-s", parts.path] if parts.scheme == "unix" else ["valkey-cli", "-h", str(parts.hostname)]
    if parts.port:
        words += ["-p", str(parts.port)]
    if parts.scheme == "rediss":
        words.append("--tls")
    if parts.username:
        words += ["--user", parts.username]
    if parts.password:
        words.append("--askpass")
    return " ".join(words)
