"""The machine and the process, read in well under a millisecond or off the event loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil

from .log_record import timestamp

_GB = 1024**3
_ROLLUP = Path("/proc/self/smaps_rollup")


def system_info() -> dict[str, Any]:
    """The body of `/monitoring/info`; sizes in GiB, CPU in percent since the last call (never a blocking sample)."""
    memory, disk = psutil.virtual_memory(), psutil.disk_usage("/")
    return {
        "timestamp": timestamp(),
        "cpu": {"percent": psutil.cpu_percent(interval=None), "count": psutil.cpu_count() or 1},
        "memory": {
            "total_gb": _gb(memory.total),
            "available_gb": _gb(memory.available),
            "used_gb": _gb(memory.used),
            "percent": memory.percent,
        },
        "disk": {
            "total_gb": _gb(disk.total),
            "used_gb": _gb(disk.used),
            "free_gb": _gb(disk.free),
            "percent": disk.percent,
        },
    }


def memory_bytes() -> int:
    """The proportional set size of this process where the kernel tells it, else its resident set size.

    Blocks for milliseconds in a large process: call it off the event loop.
    """
    try:
        for line in _ROLLUP.read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return int(psutil.Process().memory_info().rss)


def _gb(size: int) -> float:
    return round(size / _GB, 2)
