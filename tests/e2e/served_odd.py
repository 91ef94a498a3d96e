"""The backend with routes of a deployment's own beside its own ones: they fail, break, wait, and send much.

Served by as many workers as it is told, as `backend.main` serves.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

from fastapi import APIRouter, BackgroundTasks, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from backend.core.config import Settings
from backend.core.monitoring import Monitoring
from backend.main import create_app
from backend.serving import serve_alone, serve_with_workers

PIECE = 64 * 1024  # as large as those that files are sent in
router = APIRouter(prefix="/odd", include_in_schema=False)


@router.get("/boom")
async def boom() -> None:
    """Fail before the answer."""
    raise ValueError("a fault " + "that is told at length " * 300)


@router.get("/unavailable")
async def unavailable() -> Response:
    """Say that it fails."""
    return PlainTextResponse("not now", 503)


@router.get("/breaks")
async def breaks(size: int) -> Response:
    """Fail amid the answer."""

    async def pieces() -> AsyncIterator[bytes]:
        yield bytes(size)
        raise ValueError("half way")

    return StreamingResponse(pieces())


@router.api_route("/large", methods=["GET", "HEAD"])
async def large(size: int) -> Response:
    """As many bytes, piece by piece."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, size, PIECE):
            yield bytes(min(PIECE, size - start))

    return StreamingResponse(pieces())


@router.get("/file")
async def file() -> Response:
    """As a file is sent whose last piece is as large as the others: an empty one follows when all has been sent."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(2):
            yield bytes(PIECE)
            await asyncio.sleep(0.001)  # it is read by a thread

    return StreamingResponse(pieces(), headers={"Content-Length": str(2 * PIECE)})


@router.get("/left")
async def left(request: Request) -> Response:
    """Answer nobody: only when the client has left."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return PlainTextResponse("too late")


@router.get("/endless")
async def endless() -> Response:
    """Send until the client has left."""

    async def pieces() -> AsyncIterator[bytes]:
        while True:
            yield b"more"
            await asyncio.sleep(0.005)

    return StreamingResponse(pieces())


@router.get("/pause")
async def pause(seconds: float) -> Response:
    """Take a while, and never ask whether the client is there."""
    await asyncio.sleep(seconds)
    return PlainTextResponse("done")


@router.post("/echo")
async def echo(request: Request) -> Response:
    """Give back what was sent."""
    return PlainTextResponse(await request.body())


@router.get("/later")
async def later(tasks: BackgroundTasks) -> dict[str, str]:
    """Go on working after the answer, and fail at that."""

    async def work() -> None:
        await asyncio.sleep(0.01)
        raise ValueError("after the answer")

    tasks.add_task(work)
    return {"answer": "all of it"}


def create(settings: Settings) -> Monitoring:
    """What each worker serves."""
    return create_app(settings, routers=[router])


def main() -> int:
    """Serve until a signal."""
    settings = Settings.load(env_file=None)
    if settings.workers > 1:
        return serve_with_workers(create, settings)
    return serve_alone(create(settings), settings)


if __name__ == "__main__":
    sys.exit(main())
