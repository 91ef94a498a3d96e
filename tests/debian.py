"""Programs of Debian that only tests need: found on PATH, else unpacked into `.artisan` and never installed."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from artisan.stack import debian

STATE = Path(__file__).resolve().parents[1] / ".artisan"


def debian_program(name: str, package: str, *libraries: str) -> tuple[str, dict[str, str]]:
    """The program `name` of `package` and the environment that it needs, e.g. LD_LIBRARY_PATH.

    `libraries` are the packages of its libraries that a bare Debian lacks. Where it cannot be had, the test fails in CI
    and is skipped elsewhere.
    """
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found:
        return found, {}
    tree = STATE / f"tests-{package}"
    STATE.mkdir(exist_ok=True)
    with (STATE / "tests-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests of several processes may want it at once
        if not tree.exists():
            try:
                with ThreadPoolExecutor(1) as thread:  # whoever asks may be in an event loop
                    thread.submit(lambda: asyncio.run(debian.unpack(tree, (package, *libraries)))).result()
            except (debian.FetchFailed, OSError) as error:
                (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"{name} cannot be had: {error}")
    program = next(tree / folder / name for folder in ("usr/bin", "usr/sbin") if (tree / folder / name).exists())
    return str(program), {"LD_LIBRARY_PATH": ":".join(map(str, (tree / "usr/lib").glob("*-linux-gnu*")))}
