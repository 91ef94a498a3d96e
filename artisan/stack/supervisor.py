"""Starts parts in the order of their dependencies, watches them, restarts what crashes and stops all of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from artisan.stack.guard import Guard
from artisan.stack.part import Event, Part, Report, State
from artisan.stack.probe import passes
from artisan.stack.process import Process, rotate

_POLL = 0.05


class StartFailed(Exception):
    """An essential part could not start; the message says why and what to do."""


class Supervisor:
    """Runs the parts of one spec for as long as its `async with` block lasts.

    It has no signal handlers and needs no terminal: cancel the task that is inside the block, and all parts stop.
    """

    def __init__(
        self,
        parts: Sequence[Part],
        *,
        logs: Path,
        report: Report = lambda event: None,
        stop_within: float = 9.0,
        keep_open: Sequence[int] = (),
    ) -> None:
        """`stop_within`: seconds after which a stop kills what is left, whatever the graces of the parts add up to."""
        self._parts = {part.name: part for part in parts}
        self._logs = logs
        self._report = report
        self._stop_within = stop_within
        self._keep_open = keep_open
        self._running: dict[str, Process] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.states: dict[str, State] = {}

    async def __aenter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        loop = asyncio.get_running_loop()
        self._settled: dict[str, asyncio.Future[None]] = {name: loop.create_future() for name in self._parts}
        self._guard = Guard(self._keep_open)
        for part in self._parts.values():
            task = asyncio.create_task(self._keep(part), name=part.name)
            task.add_done_callback(self._pass_on)
            self._tasks.append(task)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self._stop_all()
        finally:
            self._guard.close()

    async def started(self) -> None:
        """Return once every part is ready or given up. Raises StartFailed when an essential one cannot start."""
        await asyncio.gather(*self._settled.values())

    async def ended(self) -> None:
        """Return when no part is left to watch, which is never while one can still be restarted."""
        await asyncio.gather(*self._tasks)

    async def _keep(self, part: Part) -> None:
        """Keep one part running. A crash before it was ever ready is final: it would only come again."""
        for name in part.after:
            if name in self._settled:
                await asyncio.wait([self._settled[name]])
        delay: float | None = None
        while True:
            self._tell(Event(part.name, State.STARTING))
            started = time.monotonic()
            trouble = await self._start(part)
            ready_at = time.monotonic()
            if trouble is None:
                self._tell(Event(part.name, State.READY, ready_at - started))
                if not self._settled[part.name].done():
                    self._settled[part.name].set_result(None)
                trouble = f"ended with {_status(await self._running[part.name].wait())}"
            lines = await self._end(part)
            if not self._settled[part.name].done():
                self._give_up(part, trouble, lines)
                return
            delay = part.restart.next(delay, time.monotonic() - ready_at)
            note = _with_log(f"{trouble}; starts again in {delay:g} s", lines)
            self._tell(Event(part.name, State.RESTARTING, note=note))
            await asyncio.sleep(delay)

    async def _start(self, part: Part) -> str | None:
        """Start a part and wait until it is ready; otherwise say what is wrong."""
        log = self._log(part)
        rotate(log)
        try:
            process = await Process.start(part, log)
        except OSError as error:
            return f"cannot be run: {error.strerror or error}: {part.argv[0]}"
        self._running[part.name] = process
        self._guard.add(process.group)
        ended = asyncio.create_task(process.wait())
        deadline = time.monotonic() + part.ready_within
        try:
            while time.monotonic() < deadline:
                if await passes(part.ready):
                    return None
                await asyncio.wait({ended}, timeout=_POLL)
                if ended.done():
                    return f"ended with {_status(ended.result())}"
        finally:
            ended.cancel()
        return f"is not ready after {part.ready_within:g} s"

    async def _end(self, part: Part, deadline: float | None = None) -> list[str]:
        """Stop what still runs of a part, and return the last lines of its log."""
        process = self._running.get(part.name)
        if process is None:
            return []
        grace = part.stop_grace if deadline is None else min(part.stop_grace, deadline - time.monotonic())
        await process.stop(max(grace, 0))
        del self._running[part.name]
        self._guard.remove(process.group)
        return process.last_lines()

    def _give_up(self, part: Part, trouble: str, lines: list[str]) -> None:
        sentence = f"{trouble}; {part.way_out}" if part.way_out else trouble
        self._tell(Event(part.name, State.FAILED, note=_with_log(sentence, lines)))
        if part.essential:
            message = f"Nothing runs without {part.name}; all that it said is in {self._log(part)}"
            self._settled[part.name].set_exception(StartFailed(message))
        else:
            self._settled[part.name].set_result(None)

    async def _stop_all(self) -> None:
        deadline = time.monotonic() + self._stop_within
        stopped = {name: asyncio.Event() for name in self._parts}

        async def stop(part: Part) -> None:
            for other in self._parts.values():
                if part.name in other.after:
                    await stopped[other.name].wait()
            if part.name in self._running:
                began = time.monotonic()
                await self._end(part, deadline)
                self._tell(Event(part.name, State.STOPPED, time.monotonic() - began))
            stopped[part.name].set()

        await asyncio.gather(*(stop(part) for part in self._parts.values()))

    def _log(self, part: Part) -> Path:
        return self._logs / f"{part.name}.log"

    def _pass_on(self, task: asyncio.Task[None]) -> None:
        """Let an error of our own, such as a closed standard output, end the wait for a start."""
        settled = self._settled[task.get_name()]
        if not task.cancelled() and (error := task.exception()) and not settled.done():
            settled.set_exception(error)

    def _tell(self, event: Event) -> None:
        self.states[event.name] = event.state
        self._report(event)


def _status(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def _with_log(sentence: str, lines: list[str]) -> str:
    return "\n".join([sentence, *(f"  | {line}" for line in lines)])
