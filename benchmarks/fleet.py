"""The workers of one service, as forked processes: those that live on, and those that die."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterable
from typing import Self

from .families import Families

PATIENCE_SECONDS = 120.0
"""After which a worker ends by itself, should the one that steers it have failed."""
_FORKING = multiprocessing.get_context("fork")


class Fleet:
    """`declare` declares the metrics in one worker, of `routes` routes; the process that makes the fleet is one more.

    Each worker records once into each of its children.
    """

    def __init__(self, declare: Callable[[], Families], *, routes: int, live: int, dead: int) -> None:
        self._declare, self._routes = declare, routes
        self._ready = _FORKING.Semaphore(0)
        self._turn = _FORKING.Barrier(live + 1, timeout=PATIENCE_SECONDS)
        self._live = [_FORKING.Process(target=self._live_on, daemon=True) for _ in range(live)]
        self._dead = [_FORKING.Process(target=self._await_death, daemon=True) for _ in range(dead)]

    def __enter__(self) -> Self:
        """Fork: what this process has declared before would be declared in all of them."""
        for process in (*self._dead, *self._live):
            process.start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in (*self._dead, *self._live):
            process.kill()
            process.join()

    def let_die(self) -> Iterable[int]:
        """Kill those that die, once all of the fleet have recorded; returns their process ids."""
        for _ in (*self._live, *self._dead):
            if not self._ready.acquire(timeout=PATIENCE_SECONDS):
                raise TimeoutError("a worker did not start")
        for process in self._dead:
            process.kill()
            process.join()
        return [process.pid for process in self._dead if process.pid is not None]

    def record(self) -> None:
        """Let each of the live record once more."""
        self._turn.wait()
        self._turn.wait()

    def _await_death(self) -> None:
        for record in self._declare().children(self._routes):
            record()
        self._ready.release()
        time.sleep(PATIENCE_SECONDS)

    def _live_on(self) -> None:
        children = list(self._declare().children(self._routes))
        for record in children:
            record()
        self._ready.release()
        while True:
            self._turn.wait()
            for record in children:
                record()
            self._turn.wait()
