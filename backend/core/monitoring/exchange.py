"""One HTTP request and its response: measured once, told once.

The counter, the histograms and the log line are written from the same values, so that they cannot disagree.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from .client import Client
from .endpoints import Endpoints, method_label
from .http_metrics import HttpMetrics
from .logs import get_logger
from .outcome import Outcome
from .problem import problem
from .request_id import HEADER

CLIENT_CLOSED_REQUEST = 499  # nginx's number for a client that left before it had its answer
_log = get_logger("monitoring.request")


class Exchange:
    """Follows one request through the application; without `metrics` (our own pages) its line is at debug."""

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        request_id: str,
        endpoints: Endpoints,
        metrics: HttpMetrics | None,
    ) -> None:
        self.client = Client(scope, receive)
        self._scope, self._send, self._endpoints, self._metrics = scope, send, endpoints, metrics
        self._root_path, self._path = scope.get("root_path", ""), scope["path"]
        self._header = (HEADER, request_id.encode())
        self._status: int | None = None
        self._sent = 0
        self._outcome: Outcome | None = None
        self._told = False
        self._refusal: OSError | None = None
        self._started = time.perf_counter()
        if metrics:
            metrics.began()

    async def send(self, message: Message) -> None:
        """The application's `send`."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != HEADER]
            await self._hand_over({**message, "headers": [*headers, self._header]})
        elif message["type"] in {"http.response.body", "http.response.pathsend"}:
            await self._send_body(message)
        else:
            await self._hand_over(message)

    async def _send_body(self, message: Message) -> None:
        last = not message.get("more_body", False)
        if last and self._sent:
            # An empty piece waits until a slow reader has made room: who leaves meanwhile has missed the last byte.
            await self._hand_over({"type": "http.response.body", "body": b"", "more_body": True})
        gone = self.client.gone()
        await self._hand_over(message)
        if not gone and self._scope["method"] != "HEAD":  # servers send no body in answer to HEAD
            self._sent += _size(message)
        if last and self._complete(gone).status < 500:
            self._tell()  # a 5xx waits: only at the end is it known whether an exception made it

    async def _hand_over(self, message: Message) -> None:
        """Give a message to the server, which says by an OSError that the client has left (ASGI 2.4).

        uvloop's transport says it by a RuntimeError, when a client leaves amid pipelined requests.
        """
        try:
            await self._send(message)
        except (OSError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and not str(error).endswith("the handler is closed"):
                raise
            self.client.left()
            self._refusal = error if isinstance(error, OSError) else ConnectionResetError(str(error))
            raise self._refusal from None

    def returned(self) -> None:
        """The application is done; whatever it left open is closed here."""
        self._finish(None)

    async def raised(self, error: BaseException) -> None:
        """The application failed or was cancelled: before, amid or after its response."""
        if isinstance(error, ClientDisconnect) or error is self._refusal:
            self._finish(None)  # the application noticed that the client had left: no fault of its own
        elif self._told and self._outcome is not None:
            _log.error("work_after_response_failed", endpoint=self._outcome.endpoint, exc_info=error)
        else:
            if isinstance(error, Exception) and self._status is None and not self.client.gone():
                await problem(500)(self._scope, self.client.receive, self.send)
            self._finish(error)
        with contextlib.suppress(AttributeError):  # an exception with slots; then the server's line says it twice
            error._told_as_request_failed = True  # type: ignore[attr-defined]

    def _finish(self, error: BaseException | None) -> None:
        if self._outcome is None:
            gone = self.client.gone()
            self._complete(gone, broken=not gone and self._status is not None)
        if not self._told:
            self._tell(error)

    def _complete(self, gone: bool, *, broken: bool = False) -> Outcome:
        """Count the request, at its last byte or when it is known that none will follow."""
        self._outcome = Outcome(
            method=method_label(self._scope["method"]),
            endpoint=self._endpoints.template(self._scope, self._root_path, self._path),
            status=CLIENT_CLOSED_REQUEST if gone else self._status or 500,
            seconds=time.perf_counter() - self._started,
            received=self.client.received_bytes,
            sent=self._sent,
            broken=broken,
        )
        if self._metrics:
            self._metrics.record(self._outcome)
        return self._outcome

    def _tell(self, error: BaseException | None = None) -> None:
        """Write the request's line."""
        outcome = self._outcome
        assert outcome is not None, "a request is told after it is counted"
        self._told = True
        if outcome.status == CLIENT_CLOSED_REQUEST:
            fault = error if isinstance(error, Exception) else None  # a cancellation is the leaving itself
            level = _log.error if fault else self._level(_log.info)
            level("request_abandoned", **outcome.as_fields(), exc_info=fault)
        elif error is not None or outcome.broken:
            _log.error("request_failed", **outcome.as_fields(), exc_info=error)
        else:
            loud = _log.error if outcome.status >= 500 else _log.info
            self._level(loud)("request_completed", **outcome.as_fields())

    def _level(self, loud: Callable[..., None]) -> Callable[..., None]:
        return loud if self._metrics else _log.debug


def _size(message: Message) -> int:
    """Bytes of body; a `pathsend` names a file that the server sends by itself."""
    return Path(message["path"]).stat().st_size if "path" in message else len(message.get("body", b""))
