"""files: may the service open as many files and connections as it needs."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator

import psutil

from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm
from artisan.doctor.patient import Patient
from backend.core.config import Settings

_OWN = 64  # libraries, the log, the event loop, the listening socket
_CACHE = 16
_A_PROVIDER = 16
_CLIENTS = 256  # that one worker should be able to serve at once
_WANTED = 65_536


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """The soft limit of the running service, else the one that a service started from here would have."""
    of, limit = await asyncio.to_thread(_limit, patient.settings.port)
    own = _needed(patient.settings)
    if limit == resource.RLIM_INFINITY or limit >= own + _CLIENTS:
        return
    clients = max(0, limit - own)
    yield Finding(
        Harm.ERROR if limit < own else Harm.WARNING,
        f"{of} may open {limit:,} files, and each worker needs {own:,} before its first client.",
        f"With more than {clients:,} clients at a time it refuses connections, and loses its database and log."
        if clients
        else "It refuses connections, and loses its database and its log.",
        f"ulimit -n {_WANTED}  # for a service of systemd: LimitNOFILE={_WANTED}",
    )


CHECK = Check("files", examine, needs=("workers", "database_pool_size", "llm_providers", "port"))


def _needed(settings: Settings) -> int:
    """Of one worker, besides its clients. Each worker reads the metrics of all, which takes a file for each."""
    shared = settings.workers if settings.workers > 1 or settings.metrics_dir else 0
    providers = _A_PROVIDER * len(settings.llm_providers)
    return _OWN + settings.database_pool_size + (_CACHE if settings.redis_url else 0) + providers + shared


def _limit(port: int) -> tuple[str, int]:
    """Whose, and how many."""
    try:
        for connection in psutil.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,) and connection.pid:
                return "The running service", psutil.Process(connection.pid).rlimit(psutil.RLIMIT_NOFILE)[0]
    except (psutil.Error, AttributeError):  # where psutil has no limits, or this user may not ask
        pass
    return "A service started here", resource.getrlimit(resource.RLIMIT_NOFILE)[0]
