"""Healthy traffic: the same from the first second of a rehearsal to the last, whatever fails meanwhile.

Eight searches a second, of questions that the cache knows after the first time, and two runs of an agent in five
seconds, each of which asks the language model something new. So every ratio has something to stand on, and what is cold
stays below what LowCacheHitRate allows.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from artisan.drill.clients import web

SEARCH_EVERY = 0.125
RUN_EVERY = 2.5
_QUESTIONS = (
    "silk yarn for weavers in Varanasi",
    "bamboo suppliers in Assam",
    "fairs in November near Delhi",
    "who trains potters",
    "brass sheets in Moradabad",
    "lac for bangles",
    "natural dyes for block printing",
    "clay for terracotta",
    "wool for shawls in Kashmir",
    "fairs in February",
    "cane furniture in Tripura",
    "leather for juttis",
)
_MOST_AT_A_TIME = 24


@dataclass(frozen=True)
class Call:
    """A request to the backend."""

    method: str
    path: str
    body: Any = None
    query: dict[str, str] | None = None


def searches() -> Callable[[], Call]:
    """The same questions in turn."""
    questions = itertools.cycle(_QUESTIONS)
    return lambda: Call("GET", "/api/search", query={"q": next(questions)})


def agent_runs(agent: str = "supply_hunter") -> Callable[[], Call]:
    """A question that nobody has asked before, and that the rules alone do not fully understand."""
    numbers = itertools.count(1)
    return lambda: Call("POST", f"/api/agents/{agent}/runs", {"query": f"I need jute rope, lot {next(numbers)}"})


class Traffic:
    """Clients of one backend."""

    def __init__(self, backend: str) -> None:
        self._backend = backend

    @asynccontextmanager
    async def healthy(self) -> AsyncIterator[None]:
        """Within the block there is healthy traffic."""
        async with self.calling(searches(), SEARCH_EVERY), self.calling(agent_runs(), RUN_EVERY):
            yield

    @asynccontextmanager
    async def calling(self, calls: Callable[[], Call], every: float) -> AsyncIterator[None]:
        """Within the block a call is made at this pace, in seconds, whether or not the last one has been answered."""
        pace = asyncio.create_task(self._keep_calling(calls, every))
        try:
            yield
        finally:
            pace.cancel()
            await asyncio.gather(pace, return_exceptions=True)

    async def _keep_calling(self, calls: Callable[[], Call], every: float) -> None:
        under_way: set[asyncio.Task[None]] = set()
        clock = asyncio.get_running_loop().time
        due = clock()
        try:
            while True:
                if len(under_way) < _MOST_AT_A_TIME:
                    task = asyncio.create_task(self._make(calls()))
                    under_way.add(task)
                    task.add_done_callback(under_way.discard)
                due = max(due + every, clock())
                await asyncio.sleep(due - clock())
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _make(self, call: Call) -> None:
        # A client that gets no answer has nothing to do with it but to come back.
        with contextlib.suppress(web.NoAnswer):
            await web.request(call.method, f"{self._backend}{call.path}", body=call.body, query=call.query, within=90.0)
