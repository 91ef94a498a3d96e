"""`app = Monitoring(app)`: measures every request of an ASGI application and serves `/monitoring/*`.

It wraps the whole application instead of being one of its middlewares, since only from outside can the final status of
an unhandled exception be seen.
"""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .client import peer_of
from .closing import closing
from .endpoints import Endpoints
from .exchange import Exchange
from .health import Health
from .logs import share_output
from .metrics import REGISTRY
from .metrics.catalogue import APP_INFO
from .options import MonitoringOptions
from .pages import PREFIX, Pages
from .request_id import accept_request_id, request_id_var
from .request_kind import Kinds
from .tracing import current
from .vendor_agents import follow_vendor_agent
from .vitals import Vitals

_OWN = PREFIX + "/"


class Monitoring:
    """An ASGI application around another one. `health` is what the probes answer from."""

    def __init__(self, app: ASGIApp, options: MonitoringOptions | None = None) -> None:
        options = options or MonitoringOptions()
        self.app = app
        self.health = Health(options.checks)
        self._closing = False
        self._endpoints = Endpoints(app)
        self._kinds, self._own_kinds = Kinds(counted=True), Kinds(counted=False)
        self._shared = (options.metrics_directory, options.service)
        if options.metrics_directory is not None:
            share_output()
        self._pages = Pages(self.health, options.token)
        self._vitals = Vitals(self.health)
        APP_INFO.set(version=options.version, environment=options.environment, commit=options.commit)
        self._start_span = follow_vendor_agent()

    def drain(self, *, ready: bool = False) -> None:
        """Go on serving for those who are here, and send everybody else away: call it ahead of a stop.

        Readiness answers 503 from now on, and every answer asks for the end of its connection, so that nobody sends the
        next request into one that is just being closed. With `ready`, readiness stays as it is: for one worker that
        ends while others serve at its address. The next start of the application ends it.
        """
        self._closing = True
        self.health.draining = self.health.draining or not ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection or the lifespan, as ASGI calls it."""
        if scope["type"] != "http":
            await (self._lifespan if scope["type"] == "lifespan" else self.app)(scope, receive, send)
            return
        if not self._vitals.running:
            self._start()  # for servers without lifespan
        own = _OWN in scope["path"] and _below(scope).startswith(_OWN)
        headers = dict(scope["headers"])
        request_id = accept_request_id(headers)
        token = request_id_var.set(request_id)
        peer = peer_of(scope, receive, headers)
        exchange = Exchange(scope, peer, send, request_id, self._endpoints, self._own_kinds if own else self._kinds)
        answer = closing(scope, exchange.send) if self._closing else exchange.send
        try:
            if own:
                await self._own_page(scope, peer.receive, answer)
            elif (span := self._start_span(scope, headers)) is None:
                await self.app(scope, peer.receive, answer)
            else:
                exchange.span = span
                with current(span):
                    await self.app(scope, peer.receive, answer)
        except BaseException as error:  # a cancellation and a SystemExit end a request, too
            await exchange.raised(error)
            if own and isinstance(error, ClientDisconnect):
                await asyncio.sleep(0)  # the server hears of the end of the connection, and need not complain
                return
            raise
        else:
            exchange.returned()
        finally:
            request_id_var.reset(token)

    async def _own_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._pages.answer(Request(scope, receive), _below(scope))
        await response(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_and_start(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._closing = self.health.draining = False  # an application may be started again after a stop
                self._start()
                await self.health.ensure_checked()  # the first probe finds an answer
            await send(message)

        async def receive_and_drain() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self.health.draining = True
                await self._vitals.stop()  # before the dependencies that the checks ask are closed
            return message

        try:
            await self.app(scope, receive_and_drain, send_and_start)
        finally:
            await self._vitals.stop()

    def _start(self) -> None:
        if not self._vitals.running and not self.health.draining:
            directory, service = self._shared
            if directory is not None:
                REGISTRY.share(directory, service)
            self._kinds.foresee(self._endpoints.table)
            self._vitals.start()


def _below(scope: Scope) -> str:
    """The path below the prefix that a proxy or a parent application has taken off."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))
