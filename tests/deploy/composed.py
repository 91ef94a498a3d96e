"""docker-compose.yml as Compose itself reads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = Path(sys.executable).parent / "docker-compose"


def composed(*options: str, **env: str) -> dict[str, Any]:
    """What would be started; `options` such as `--profile`, and nothing of the environment but PATH and `env`.

    Read without `.env`, which belongs to whoever works here. Any word of warning fails.
    """
    command = [str(COMPOSE), "--env-file", os.devnull, "-f", str(ROOT / "docker-compose.yml"), *options]
    done = subprocess.run(
        [*command, "config", "--format", "json"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def services(*options: str, **env: str) -> dict[str, Any]:
    """The services by name."""
    found: dict[str, Any] = composed(*options, **env)["services"]
    return found
