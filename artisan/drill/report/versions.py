"""Which versions took part in a rehearsal."""

from __future__ import annotations

import platform
import re
import subprocess

from artisan.stack.tools import Tools
from backend import __version__

_VERSION = re.compile(r"version (\S+?),? ")


def versions(tools: Tools) -> dict[str, str]:
    """By the name of the program; what a program does not tell is `unknown`."""
    asked = {name: _asked(str(tools.programs[name])) for name in ("prometheus", "alertmanager")}
    return {"artisan-hub": __version__, **asked, "python": platform.python_version()}


def _asked(program: str) -> str:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    found = _VERSION.search(f"{said.stdout}{said.stderr}")
    return found[1] if found else "unknown"
