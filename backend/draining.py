"""The time between the signal to stop and the stop: load balancers notice, and nobody is turned away meanwhile.

    signal ── readiness 503, answers close their connections, all is served ── seconds ── the server's own stop

The server need not know. It has put its signal handlers in place when it starts the application, and here they are
given the signal late. That holds for uvicorn, alone, with several workers, and below gunicorn.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import Message, Receive, Scope, Send

from backend.core.monitoring import Monitoring, get_logger

RETIRE = signal.SIGHUP
ENDING_SECONDS = 5.0
_LOOK_SECONDS = 0.1
_STOPS = (signal.SIGINT, signal.SIGTERM)
_log = get_logger("backend")


class Draining:
    """An ASGI application around a monitored one, which it drains for `seconds` at SIGINT and SIGTERM.

    A second SIGINT ends the wait, and from then on signals are the server's: uvicorn gives up what is under way at the
    next. A second SIGTERM changes nothing, as orchestrators tend to signal a whole group, whose parent signals again.
    With `siblings`, RETIRE ends this worker of uvicorn while others serve at its address: it takes no new connections,
    stays ready, and waits until each kept connection has had its last answer, or has been idle for too long.
    """

    def __init__(self, app: Monitoring, seconds: float, *, siblings: bool = False) -> None:
        self.app = app
        self._seconds = seconds
        self._heard = (*_STOPS, RETIRE) if siblings else _STOPS
        self._loop: asyncio.AbstractEventLoop
        self._server_handlers: dict[int, Any] = {}
        self._stop_timer: asyncio.TimerHandle | None = None
        self._draining = self._stopping = False
        self._under_way = 0
        self._idle: asyncio.Event | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection or the lifespan, as ASGI calls it."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        self._under_way += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._under_way -= 1
            if self._idle is not None and not self._under_way:
                self._idle.set()

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_and_listen(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._listen()
            await send(message)

        async def receive_and_wait() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._all_ended()
            return message

        try:
            await self.app(scope, receive_and_wait, send_and_listen)
        finally:
            self._give_back()

    async def _all_ended(self) -> None:
        """Wait for what a server has cancelled, which does not: its spans and lines would come too late."""
        if not self._under_way:
            return
        self._idle = asyncio.Event()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), ENDING_SECONDS)

    def _listen(self) -> None:
        """Hear the signals in the server's place."""
        self._loop = asyncio.get_running_loop()
        self._stop_timer = self._idle = None
        self._draining = self._stopping = False
        in_place = threading.current_thread() is threading.main_thread() and callable(signal.getsignal(signal.SIGTERM))
        for number in self._heard if in_place else ():  # else no signal arrives here, or none that could be passed on
            self._server_handlers[number] = signal.signal(number, self._hear)

    def _give_back(self) -> None:
        while self._server_handlers:
            number, handler = self._server_handlers.popitem()
            if signal.getsignal(number) == self._hear:
                signal.signal(number, handler)

    def _hear(self, number: int, _: FrameType | None) -> None:
        self._loop.call_soon_threadsafe(self._drain, number)  # a handler interrupts anything, be it a log line half way

    def _drain(self, number: int) -> None:
        if self._stopping:
            self._stop(number)
            return
        self.app.drain(ready=number == RETIRE)
        if number == RETIRE:
            self._retire()
        elif not self._draining:
            self._draining = True
            _log.info("service_draining", seconds=self._seconds, signal=signal.Signals(number).name)
            self._stop_after(self._seconds, number)
        elif number == signal.SIGINT:
            self._stop_after(0, number)

    def _stop_after(self, seconds: float, number: int) -> None:
        if self._stop_timer is not None:
            self._stop_timer.cancel()
        self._stop_timer = self._loop.call_later(seconds, self._stop, number)

    def _retire(self) -> None:
        """A proxy goes on using the connections that it keeps to this address, so that none may be closed unasked."""
        server = getattr(self._server_handlers[signal.SIGTERM], "__self__", None)  # uvicorn's handler is its method
        if self._stop_timer is not None or not isinstance(server, uvicorn.Server):
            return
        for listener in server.servers:
            listener.close()
        deadline = self._loop.time() + server.config.timeout_keep_alive + ENDING_SECONDS

        def look() -> None:
            if server.server_state.connections and self._loop.time() < deadline:
                self._stop_timer = self._loop.call_later(_LOOK_SECONDS, look)
            else:
                self._stop(signal.SIGTERM)

        _log.info("worker_retiring", connections=len(server.server_state.connections))
        look()

    def _stop(self, number: int) -> None:
        """Let the server hear of it."""
        self._stopping = True
        handler = self._server_handlers.get(number)
        if callable(handler):
            handler(number, None)
