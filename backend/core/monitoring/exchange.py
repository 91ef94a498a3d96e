"""One HTTP request and its response: measured once, told once.

The counter, the histograms and the log line are written from the same values, so that they cannot disagree.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from opentelemetry.trace import Span
from starlette.requests import ClientDisconnect
from starlette.types import Message, Scope, Send

from . import request_line
from .client import Client, Peer, closed, cut_off
from .current_span import current_span
from .endpoints import Endpoints
from .logs import get_logger
from .metrics.catalogue import ACTIVE_REQUESTS
from .outcome import CLIENT_CLOSED_REQUEST, Outcome
from .problem import problem
from .request_id import HEADER
from .request_kind import LOGGER, Kinds
from .tracing.request_span import end_request_span

_BODIES = frozenset({"http.response.body", "http.response.pathsend"})
_EMPTY = {"type": "http.response.body", "body": b"", "more_body": True}
_log = get_logger(LOGGER)


class Exchange:
    """Follows one request through the application; those to our own pages are of `kinds` that are not counted."""

    __slots__ = (
        "_endpoints",
        "_kinds",
        "_length",
        "_outcome",
        "_path",
        "_peer",
        "_refusal",
        "_request_id",
        "_root_path",
        "_scope",
        "_send",
        "_sent",
        "_started",
        "_status",
        "_told",
        "span",
    )

    def __init__(  # noqa: PLR0917 - arguments by name would make a dictionary for every request
        self,
        scope: Scope,
        peer: Peer,
        send: Send,
        request_id: str,
        endpoints: Endpoints,
        kinds: Kinds,
    ) -> None:
        self._scope, self._peer, self._send, self._request_id = scope, peer, send, request_id
        self._endpoints, self._kinds = endpoints, kinds
        self._root_path, self._path = scope.get("root_path", ""), scope["path"]  # routing changes both
        self._status: int | None = None
        self._length: bytes | None = None
        self._sent = 0
        self._outcome: Outcome | None = None
        self._told = False
        self._refusal: OSError | None = None
        self.span: Span | None = None
        if kinds.counted:
            ACTIVE_REQUESTS.inc()
        self._started = time.perf_counter()

    async def send(self, message: Message) -> None:
        """The application's `send`."""
        kind = message["type"]
        is_body = kind in _BODIES
        last = is_body and not message.get("more_body", False)
        gone = False
        try:
            if kind == "http.response.start":
                message = self._begin(message)
            elif is_body:
                if last and self._sent:
                    # It waits until a slow reader has made room: who leaves meanwhile has missed the last byte.
                    await self._send(_EMPTY)
                gone = self._gone()
            await self._send(message)
        except (OSError, RuntimeError) as error:
            raise self._refused(error) from None
        if kind == "http.response.start":
            self._status = message["status"]  # not before: a server may refuse a head that cannot be sent
        if is_body and not gone:
            self._sent += self._size(message)
        if gone and not last and not self._kinds.counted:
            raise ClientDisconnect  # nobody reads the rest of our own page, which may be a long one
        if last and self._outcome is None:
            self._complete(gone)
            if (self._status or 500) < 500:
                self._tell(None)  # a 5xx waits: only at the end is it known whether an exception made it

    def _begin(self, message: Message) -> Message:
        headers = message.get("headers", ())
        named = dict(headers)  # in lower case (ASGI)
        self._length = b"0" if self._scope["method"] == "HEAD" else named.get(b"content-length")
        if self._length == b"0" and self._left():
            self._length = None  # who has left by now has not even had the head
        if HEADER in named:
            headers = [pair for pair in headers if pair[0] != HEADER]
        return {**message, "headers": [*headers, (HEADER, self._request_id.encode())]}

    def _size(self, message: Message) -> int:
        """Bytes of body; a `pathsend` names a file that the server sends by itself."""
        if self._scope["method"] == "HEAD":  # servers send no body in answer to it
            return 0
        return Path(message["path"]).stat().st_size if "path" in message else len(message.get("body", b""))

    def _refused(self, error: OSError | RuntimeError) -> OSError | RuntimeError:
        """What to raise: a server says by an OSError that the client has left (ASGI 2.4).

        uvloop's transport says it by a RuntimeError, when a client leaves amid pipelined requests.
        """
        if isinstance(error, RuntimeError):
            if not str(error).endswith("the handler is closed"):
                return error
            error = ConnectionResetError(str(error))
        self._refusal = error
        return error

    def _gone(self) -> bool:
        """Whether the client has left without its answer.

        Its end may come late: an empty piece when a file is sent, all pieces for HEAD. A client that has read what it
        was promised waits for no more.
        """
        return self._left() and self._length != b"%d" % self._sent

    def _left(self) -> bool:
        return self._peer.disconnected or self._refusal is not None or closed(self._send)

    def returned(self) -> None:
        """The application is done; whatever it left open is closed here."""
        if not self._told:
            self._finish(None)

    async def raised(self, error: BaseException) -> None:
        """The application failed or was cancelled: before, amid or after its response."""
        if isinstance(error, ClientDisconnect):
            cut_off(self._send)
        if isinstance(error, ClientDisconnect) or error is self._refusal:
            self._finish(None)  # the application noticed that the client had left: no fault of its own
        elif self._told and self._outcome is not None:
            _log.error("work_after_response_failed", endpoint=self._outcome.kind.endpoint, exc_info=error)
        else:
            if isinstance(error, Exception) and self._status is None and not self._gone():
                with contextlib.suppress(Exception):  # a server that has refused one head may refuse another
                    await problem(500)(self._scope, self._peer.receive, self.send)
            self._finish(error)
        with contextlib.suppress(AttributeError):  # an exception with slots; then the server's line says it twice
            error._told_as_request_failed = True  # type: ignore[attr-defined]

    def _finish(self, error: BaseException | None) -> None:
        if self._outcome is None:
            self._complete(self._gone(), broken=self._status is not None and not self._left())
        if not self._told:
            self._tell(error)

    def _complete(self, gone: bool, *, broken: bool = False) -> None:
        """Count the request, at its last byte or when it is known that none will follow."""
        seconds = time.perf_counter() - self._started
        endpoint = self._endpoints.template(self._scope, self._root_path, self._path)
        outcome = self._outcome = Outcome(
            self._kinds.find(self._scope["method"], endpoint, CLIENT_CLOSED_REQUEST if gone else self._status or 500),
            seconds,
            self._peer.received_bytes if isinstance(self._peer, Client) else 0,
            self._sent,
            broken,
            current_span() if self.span is None else self.span.get_span_context(),
        )
        outcome.record()

    def _tell(self, error: BaseException | None) -> None:
        """Write the request's line and end its span."""
        outcome = self._outcome
        assert outcome is not None, "a request is told after it is counted"
        self._told = True
        request_line.tell(outcome, self._request_id, error)
        if self.span is not None:
            self.span.set_attribute("request_id", self._request_id)
            end_request_span(self.span, self._scope, self._path, outcome, error)
