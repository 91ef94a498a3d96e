"""One run of a part: a process group of its own and a log file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, STDOUT
from pathlib import Path

import psutil

from artisan.stack.part import Part

_LOG_CAP = 5 * 1024 * 1024
_TAIL = 8192


class Process:
    """A started part. It leads a session of its own: signals reach all that it forks, and Ctrl-C does not."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path, log_start: int) -> None:
        self._process = process
        self._log = log
        self._log_start = log_start

    @classmethod
    async def start(cls, part: Part, log: Path) -> Process:
        """Raises OSError when the program cannot be run."""
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *part.argv,
                cwd=part.cwd,
                env={**os.environ, **part.env},
                stdin=DEVNULL,
                stdout=output,
                stderr=STDOUT,
                start_new_session=True,
            )
            return cls(process, log, output.tell())

    @property
    def group(self) -> int:
        """The id of its process group, which is the pid of its first process."""
        return self._process.pid

    async def wait(self) -> int:
        """Its exit status, negative for a signal, once its first process has ended."""
        return await self._process.wait()

    async def stop(self, grace: float) -> None:
        """TERM to the whole group, KILL to what is left of it after `grace` seconds."""
        signal_group(self.group, signal.SIGTERM)
        try:
            async with asyncio.timeout(grace):
                await self._group_ended()
        except TimeoutError:
            signal_group(self.group, signal.SIGKILL)
            await self._process.wait()

    async def _group_ended(self) -> None:
        await self._process.wait()
        while group_lives(self.group):  # noqa: ASYNC110 - nobody tells when a group is empty
            await asyncio.sleep(0.02)

    def last_lines(self, count: int = 5) -> list[str]:
        """The last lines that this run wrote."""
        with self._log.open("rb") as log:
            log.seek(max(self._log_start, log.seek(0, os.SEEK_END) - _TAIL))
            return log.read().decode("utf-8", "replace").splitlines()[-count:]


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to every process of a group; a group that has ended is none."""
    # macOS says EPERM for a group in which only zombies are left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def group_lives(group: int) -> bool:
    """True while a process of the group runs. A zombie does not: in a container, nobody may ever collect it."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return any(_group_of(process) == group for process in psutil.process_iter(["status"]))


def _group_of(process: psutil.Process) -> int | None:
    if process.info["status"] == psutil.STATUS_ZOMBIE:
        return None
    try:
        return os.getpgid(process.pid)
    except OSError:
        return None


def rotate(log: Path) -> None:
    """Keep a log from growing for ever: above the cap it becomes `<name>.1`, which replaces the last one."""
    if log.exists() and log.stat().st_size > _LOG_CAP:
        log.replace(log.with_name(f"{log.name}.1"))
