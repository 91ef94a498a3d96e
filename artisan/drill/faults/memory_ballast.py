"""The service holds more memory than it should."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from artisan.drill.clients.page import Sign
from artisan.drill.scenario import Scenario
from artisan.drill.stack.faulty import BALLAST
from artisan.drill.stack.stage import Stage

_GIB = 1024**3
_LIMIT = 4 * _GIB
_BALLAST = _LIMIT + _GIB // 8
_RESERVE = _GIB  # for everything else, so that the kernel kills nobody
_CGROUP = Path("/sys/fs/cgroup")
# Limit and use of memory, as version 2 and version 1 of control groups call them.
_CGROUP_FILES = (
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)


@asynccontextmanager
async def _fault(stage: Stage) -> AsyncIterator[None]:
    await stage.ask_backend("PUT", BALLAST, size=str(_BALLAST))
    yield
    await stage.ask_backend("DELETE", BALLAST)


def too_little_memory(cgroup: Path = _CGROUP) -> str | None:
    """Why the ballast would be too heavy for this machine."""
    free = min(psutil.virtual_memory().available, *_left_in_cgroup(cgroup))
    needed = _BALLAST + _RESERVE
    if free >= needed:
        return None
    return f"it takes {needed / _GIB:.1f} GiB of free memory, and this machine has {free / _GIB:.1f}"


def _left_in_cgroup(cgroup: Path) -> list[int]:
    """What the control group of a container leaves; a group without a limit leaves everything."""
    left = [psutil.virtual_memory().total]
    for limit, used in _CGROUP_FILES:
        try:
            left.append(int((cgroup / limit).read_text()) - int((cgroup / used).read_text()))
        except (OSError, ValueError):
            continue
    return left


SCENARIO = Scenario(
    alert="HighMemoryUsage",
    story=f"the backend takes {_BALLAST / _GIB:.1f} GiB of memory and keeps it",
    fault=_fault,
    sign=Sign("memory_usage_bytes", above=_LIMIT),
    impossible=too_little_memory,
)
