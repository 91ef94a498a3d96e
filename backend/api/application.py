"""The FastAPI application: routers put together, and every error shown as a problem document."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.responses import Response

from backend import __version__
from backend.agents import AgentRunner
from backend.catalog import Catalogue
from backend.core.errors import ArtisanError
from backend.core.monitoring import problem

from .agents import agents_router
from .body_limit import BodyLimit
from .documented import PROBLEMS
from .home import Links, home_router
from .search import search_router

MAX_BODY_BYTES = 64 * 1024  # a run's body is one short question

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def build_api(catalogue: Catalogue, runner: AgentRunner, links: Links, lifespan: Lifespan) -> FastAPI:
    """The application; `lifespan` opens and closes what the routers were given."""
    app = FastAPIOffline(  # its /docs need no CDN
        title="Artisan Hub",
        version=__version__,
        summary="Suppliers, fairs and institutions for India's craftspeople",
        lifespan=lifespan,
        responses=PROBLEMS,
        exception_handlers={
            ArtisanError: _own_error,
            RequestValidationError: _invalid,
            HTTPException: _http_error,
            Exception: _unexpected,
        },
    )
    app.add_middleware(BodyLimit, limit=MAX_BODY_BYTES)
    app.include_router(home_router(links))
    app.include_router(search_router(catalogue))
    app.include_router(agents_router(runner))
    return app


async def _own_error(_: Request, error: Any) -> Response:
    return problem(error.status, str(error), title=error.title)


async def _http_error(_: Request, error: Any) -> Response:
    return problem(error.status_code, str(error.detail), headers=error.headers)


async def _invalid(_: Request, error: Any) -> Response:
    """Name each bad field; what the client sent is not repeated, since it can be long and is not ours to store."""
    faults = [{"field": ".".join(map(str, fault["loc"])), "message": fault["msg"]} for fault in error.errors()]
    detail = "; ".join(f"{fault['field']}: {fault['message']}" for fault in faults)
    return problem(422, detail, title="Invalid request", errors=faults)


async def _unexpected(_: Request, __: Exception) -> Response:
    return problem(500, "Something went wrong here; the request id finds it in our logs.")
