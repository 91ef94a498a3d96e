"""The rehearsal's backend: the real one, with parts of the rehearsal's own that are always at fault.

    python -m artisan.drill.stack.backend

They come in through the same door as a deployment's own agents, tools and routes. A fault is that somebody calls them:
so there is no switch for faults, here or in the service.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from http import HTTPStatus

import numpy as np
from fastapi import APIRouter

from artisan.drill.stack.faulty import AGENT, BALLAST, BLOCKING, BLOCKING_SECONDS, BROKEN, SLOW, SLOW_SECONDS, TOOL
from backend.agents import Answer, ToolCall, ToolResult
from backend.core.config import Settings
from backend.main import create_app, serve
from backend.tools import Arguments, Found

_CHUNK_BYTES = 64 * 1024**2


class BrokenTool:
    """A tool with a bug."""

    name = TOOL
    description = "Fails, as a tool with a bug does."
    arguments: type[Arguments] = Arguments

    async def __call__(self, arguments: Arguments) -> Found:
        """Raises RuntimeError."""
        raise RuntimeError("this tool is broken, for the rehearsal")


class Stumbler:
    """An agent that has only the broken tool."""

    agent_type, description, tools = AGENT, "Calls a tool that is broken.", (TOOL,)

    async def plan(self, query: str) -> AsyncGenerator[ToolCall | Answer, ToolResult]:
        """One call, which fails."""
        yield ToolCall(TOOL, {})
        yield Answer(f"Nothing is known of {query}.")


def routes() -> APIRouter:
    """Routes with one fault each, and the ballast that a leak would be."""
    router = APIRouter(tags=["rehearsal"])
    ballast: list[np.ndarray] = []

    @router.get(BROKEN)
    async def broken() -> None:
        """A route with a bug."""
        raise RuntimeError("this route is broken, for the rehearsal")

    @router.get(SLOW)
    async def slow() -> None:
        """A route that waits for something slow."""
        await asyncio.sleep(SLOW_SECONDS)

    @router.get(BLOCKING)
    async def blocking() -> None:
        """A route that forgot that it shares the event loop."""
        time.sleep(BLOCKING_SECONDS)  # noqa: ASYNC251 - this is the fault

    @router.put(BALLAST, status_code=HTTPStatus.NO_CONTENT)
    async def load(size: int) -> None:
        """Hold `size` bytes, all of them really there."""
        while len(ballast) * _CHUNK_BYTES < size:
            # Ones, because a page that nobody has written to takes no memory.
            ballast.append(await asyncio.to_thread(np.ones, _CHUNK_BYTES, np.uint8))

    @router.delete(BALLAST, status_code=HTTPStatus.NO_CONTENT)
    async def unload() -> None:
        """Give them back."""
        ballast.clear()

    return router


def main() -> int:
    """Serve what the environment asks for, and nothing that a `.env` says."""
    settings = Settings.load(env_file=None)
    return serve(create_app(settings, agents=(Stumbler(),), tools=(BrokenTool(),), routers=(routes(),)), settings)


if __name__ == "__main__":
    sys.exit(main())
