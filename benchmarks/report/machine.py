"""What it was measured on, and with which versions."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

import psutil

PEERS = (
    "prometheus-client",
    "prometheus-fastapi-instrumentator",
    "starlette-exporter",
    "opentelemetry-instrumentation-fastapi",
    "opentelemetry-sdk",
    "asgi-correlation-id",
    "structlog",
    "loguru",
    "python-json-logger",
)
BASE = ("fastapi", "uvicorn", "uvloop", "httptools")


def machine() -> str:
    """Its kind; none of the figures depend on more."""
    memory = psutil.virtual_memory().total / 1024**3
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{platform.system()} {platform.machine()}, {psutil.cpu_count()} cores, {memory:.0f} GiB of memory, {python}"


def versions() -> str:
    """What was measured: the installed versions."""
    return ", ".join(f"{name} {version(name)}" for name in (*BASE, *PEERS))


def busy() -> float:
    """How many cores other programs have kept busy during the last minute, on average."""
    return os.getloadavg()[0]
