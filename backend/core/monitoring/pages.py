"""What `/monitoring/*` answers."""

from __future__ import annotations

import asyncio
import hmac

import orjson
from starlette.requests import Request
from starlette.responses import Response

from .health import Health, Status
from .metrics import REGISTRY
from .metrics_response import MetricsResponse
from .problem import problem
from .system import system_info

PREFIX = "/monitoring"
_READ = ("GET", "HEAD")


class Pages:
    """The monitoring pages of one service."""

    def __init__(self, health: Health, token: str) -> None:
        self._turn = asyncio.Lock()
        self._health = health
        self._token = token
        self._pages = {
            f"{PREFIX}/metrics": self._metrics,
            f"{PREFIX}/health": self._report,
            f"{PREFIX}/health/live": self._live,
            f"{PREFIX}/health/ready": self._ready,
            f"{PREFIX}/info": self._info,
        }

    async def answer(self, request: Request, path: str) -> Response:
        """The page at `path`, or the problem why there is none."""
        page = self._pages.get(path.rstrip("/"))
        if page is None:
            return problem(404, f"There is no {path}; there are {', '.join(self._pages)}.")
        if request.method not in _READ:
            return problem(405, headers={"Allow": ", ".join(_READ)})
        return await page(request)

    async def _metrics(self, request: Request) -> Response:
        if not self._allowed(request):
            return _refusal()
        return MetricsResponse(REGISTRY, request.headers, self._turn)

    async def _report(self, _: Request) -> Response:
        await self._health.ensure_checked()
        return _json(self._health.report(), 503 if self._health.status is Status.UNHEALTHY else 200)

    async def _live(self, _: Request) -> Response:
        # The process alone: a dependency here would make an orchestrator restart every replica when that one fails.
        return _json({"status": "alive"})

    async def _ready(self, _: Request) -> Response:
        await self._health.ensure_checked()
        if self._health.ready:
            return _json({"status": "ready"})
        return problem(503, "draining" if self._health.draining else "a critical dependency is unhealthy")

    async def _info(self, request: Request) -> Response:
        return _json(system_info()) if self._allowed(request) else _refusal()

    def _allowed(self, request: Request) -> bool:
        given = request.headers.get("authorization", "").encode()
        return not self._token or hmac.compare_digest(given, f"Bearer {self._token}".encode())


def _json(body: object, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store"}, "application/json")


def _refusal() -> Response:
    return problem(401, "This page needs the monitoring token.", headers={"WWW-Authenticate": "Bearer"})
