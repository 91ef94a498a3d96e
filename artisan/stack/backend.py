"""The backend as a part of a stack, and what it is told of the other parts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from artisan.stack.part import Part
from artisan.stack.ports import LOOPBACK
from artisan.stack.probe import http


def part(root: Path, port: int, env: Mapping[str, str]) -> Part:
    """Starts after the parts it uses, so that its first health check finds them."""
    return Part(
        name="backend",
        argv=(sys.executable, "-m", "backend.main"),
        env={**env, "HOST": LOOPBACK, "PORT": str(port), "PYTHONUNBUFFERED": "1"},
        cwd=root,
        ready=http(port, "/monitoring/health/ready"),
        address=f"http://localhost:{port}",
        after=("valkey", "llm"),
        essential=True,
        ready_within=60.0,
        # Requests that are being answered may end.
        stop_grace=4.0,
    )


def environment(root: Path, user: Mapping[str, str], database: Path, ports: Mapping[str, int]) -> dict[str, str]:
    """What the backend needs to find the other parts, except what the user has set. `ports` has those that run."""
    ours = {"ENVIRONMENT": "production", "DATABASE_URL": f"sqlite+aiosqlite:///{database}"}
    urls = {
        "valkey": ("REDIS_URL", f"redis://{LOOPBACK}:{{}}/0"),
        "llm": ("LLM_PROVIDERS", f"local@http://{LOOPBACK}:{{}}/v1"),
        # Links for people.
        "prometheus": ("PROMETHEUS_URL", "http://localhost:{}"),
        "alertmanager": ("ALERTMANAGER_URL", "http://localhost:{}"),
    }
    ours |= {key: url.format(ports[name]) for name, (key, url) in urls.items() if name in ports}
    ours["GIT_COMMIT"] = _commit(root)
    unset = {key: value for key, value in ours.items() if not user.get(key)}
    # The other parts are on this machine, where no proxy can reach them. The variable has two spellings.
    excluded = user.get("no_proxy") or user.get("NO_PROXY") or ""
    direct = ",".join([*filter(None, [excluded]), LOOPBACK, "localhost"])
    return {**unset, "no_proxy": direct, "NO_PROXY": direct}


def _commit(root: Path) -> str:
    """What is checked out, for app_info; `unknown` where git or its history is not there."""
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return asked.stdout.strip()
