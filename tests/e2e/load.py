"""Clients of the API that ask until they are told to stop, and remember each answer that they did not get."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Self

import httpx

RUNS = "/api/agents/supply_hunter/runs"
PAUSE_SECONDS = 0.02  # between two requests of a client: the machine is to be busy, not overrun
_NEW_CONNECTIONS = httpx.Limits(max_keepalive_connections=0)
_Ask = Callable[[httpx.AsyncClient, int], Awaitable[str | None]]


class Load:
    """Searches and runs of an agent, these as JSON and as events, over kept connections and over new ones."""

    def __init__(self, address: str) -> None:
        self._address, self._stop = address, threading.Event()
        self._numbers = count()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._ask_all()))
        self.asked: Counter[str] = Counter()
        """Requests by their kind; those that were lost are among them."""
        self.lost: list[str] = []

    def is_under_way(self) -> bool:
        """Whether every kind of request has been answered."""
        return len(self.asked) == len(_KINDS)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    async def _ask_all(self) -> None:
        options = {"base_url": self._address, "trust_env": False, "timeout": 60}
        async with (
            httpx.AsyncClient(**options) as kept,
            httpx.AsyncClient(**options, limits=_NEW_CONNECTIONS) as new,
            asyncio.TaskGroup() as clients,
        ):
            for kind, (ask, number) in _KINDS.items():
                for each in range(number):
                    clients.create_task(self._keep_asking(kind, ask, kept if each % 2 else new))

    async def _keep_asking(self, kind: str, ask: _Ask, client: httpx.AsyncClient) -> None:
        while not self._stop.is_set():
            try:
                wrong = await ask(client, next(self._numbers))
            except httpx.HTTPError as error:
                wrong = repr(error)
            self.asked[kind] += 1
            if wrong:
                self.lost.append(f"{kind}: {wrong}")
            await asyncio.sleep(PAUSE_SECONDS)


async def _search(client: httpx.AsyncClient, number: int) -> str | None:
    answer = await client.get("/api/search", params={"q": f"raw silk in Karnataka {number % 20}"})
    return None if answer.status_code == 200 and answer.json()["results"] else f"{answer.status_code} {answer.text}"


async def _run(client: httpx.AsyncClient, number: int) -> str | None:
    answer = await client.post(RUNS, json=_question(number))
    return None if answer.status_code == 200 and answer.json()["answer"] else f"{answer.status_code} {answer.text}"


async def _stream(client: httpx.AsyncClient, number: int) -> str | None:
    """Whole only with its last event."""
    async with client.stream("POST", RUNS, json=_question(number), headers={"Accept": "text/event-stream"}) as answer:
        events = [line async for line in answer.aiter_lines() if line.startswith("event: ")]
    return None if events[-1:] == ["event: run_completed"] else f"{answer.status_code} {events}"


def _question(number: int) -> dict[str, str]:
    """A new one each time, which the rules cannot read, so that the model is asked."""
    return {"query": f"who could sell me something for weaving near Pochampally {number}"}


_KINDS: dict[str, tuple[_Ask, int]] = {"searches": (_search, 4), "runs": (_run, 6), "streams": (_stream, 6)}
