"""Prometheus' own word on a file of rules."""

from __future__ import annotations

import subprocess
from pathlib import Path

_SECONDS = 20.0


def refusal(promtool: Path, rules: Path) -> str | None:
    """What promtool writes about a file that Prometheus would refuse, "" when it would not; None if it cannot run."""
    try:
        ran = subprocess.run(
            [str(promtool), "check", "rules", str(rules)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr
