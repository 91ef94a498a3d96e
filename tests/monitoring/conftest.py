"""A small application under monitoring, with every kind of route and of misbehaviour."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, BackgroundTasks, FastAPI, Request
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from backend.core.monitoring import Monitoring, MonitoringOptions, get_logger, problem

log = get_logger("example")


def build_app() -> FastAPI:
    app = FastAPI()
    app.add_exception_handler(Exception, lambda *_: problem(500))
    _add_plain_routes(app)
    _add_nested_routes(app)
    return app


def _add_plain_routes(app: FastAPI) -> None:
    @app.get("/items/{item}")
    async def item(item: str) -> dict[str, str]:
        log.info("item_read", item=item)
        return {"item": item}

    @app.api_route("/page", methods=["GET", "HEAD"])
    async def page() -> PlainTextResponse:
        return PlainTextResponse("0123456789")

    @app.post("/echo")
    async def echo(request: Request) -> PlainTextResponse:
        return PlainTextResponse(await request.body())

    @app.get("/slash/")
    async def slash() -> None: ...

    @app.get("/boom")
    async def boom() -> None:
        raise ValueError("secret detail")

    @app.get("/sync")
    def in_a_thread() -> dict[str, Any]:
        log.info("in_a_thread")
        return {}

    @app.get("/later")
    async def later(tasks: BackgroundTasks, fail: bool = False) -> None:
        async def work() -> None:
            await asyncio.sleep(0.05)
            log.info("background_work")
            if fail:
                raise ValueError("after the answer")

        tasks.add_task(work)

    @app.get("/breaks")
    async def breaks() -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"12345"
            raise ValueError("half way")

        return StreamingResponse(chunks())


def _add_nested_routes(app: FastAPI) -> None:
    async def leaf(leaf: str) -> str:
        return leaf

    inner, outer = APIRouter(prefix="/inner/{x}"), APIRouter(prefix="/outer")
    inner.add_api_route("/{leaf}", leaf)
    outer.include_router(inner)
    app.include_router(outer, prefix="/v1")

    tenant = FastAPI()
    tenant.add_api_route("/direct/{leaf}", leaf)
    tenant.include_router(outer)
    app.mount("/tenants/{tenant}", tenant)
    app.mount("/plain", Starlette(routes=[Route("/r/{q}", lambda _: PlainTextResponse("x"))]))
    app.mount("/files", _files)


async def _files(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("a file")(scope, receive, send)


@pytest.fixture
def app() -> Monitoring:
    return Monitoring(build_app(), MonitoringOptions(version="1.2.3", environment="test", commit="abc"))


@pytest.fixture
async def client(app: Monitoring) -> AsyncIterator[httpx.AsyncClient]:
    """A client that calls the application in this process; what it raises stays on the server's side."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client
    await app._vitals.stop()
