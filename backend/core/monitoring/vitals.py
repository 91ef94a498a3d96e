"""What the service watches about itself in the background: its dependencies, its memory, its event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import prometheus_client

from .health import Health
from .logs import get_logger
from .metrics import REGISTRY
from .metrics.catalogue import EVENT_LOOP_LAG, MEMORY_USAGE
from .system import memory_bytes

MEMORY_SECONDS = 5.0
TIDY_SECONDS = 5.0
LAG_SECONDS = 0.25
_log = get_logger("monitoring.vitals")


class Vitals:
    """Background tasks that live as long as the service; starting and stopping twice is harmless."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._tasks: list[asyncio.Task[None]] = []
        self.running = False

    def start(self) -> None:
        """Start the tasks in the running event loop."""
        if not self.running:
            self.running = True
            loops = (self._health.keep_fresh, _watch_memory, _watch_lag, _tidy_metrics)
            self._tasks = [asyncio.create_task(_survive(loop), name=f"monitoring.{loop.__name__}") for loop in loops]

    async def stop(self) -> None:
        """Cancel the tasks and wait for their end."""
        tasks, self._tasks, self.running = self._tasks, [], False
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _survive(loop: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run an endless loop again when it breaks: a monitor that died silently would look like good health."""
    while True:
        try:
            return await loop()
        except Exception:  # whatever broke, it is told and tried again
            _log.exception("monitoring_task_failed", task=loop.__name__)
            await asyncio.sleep(MEMORY_SECONDS)


async def _watch_memory() -> None:
    while True:
        MEMORY_USAGE.set(await asyncio.to_thread(memory_bytes))
        await asyncio.sleep(MEMORY_SECONDS)


async def _tidy_metrics() -> None:
    while True:
        await asyncio.to_thread(REGISTRY.tidy, beside=[prometheus_client.REGISTRY])
        await asyncio.sleep(TIDY_SECONDS)


async def _watch_lag() -> None:
    clock = asyncio.get_running_loop().time
    while True:
        due = clock() + LAG_SECONDS
        await asyncio.sleep(LAG_SECONDS)
        EVENT_LOOP_LAG.observe(max(0.0, clock() - due))
