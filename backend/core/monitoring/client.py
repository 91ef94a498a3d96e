"""The client's side of one request: what it has sent, and whether it is still there."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from socket import SO_LINGER, SOL_SOCKET
from struct import pack
from types import MethodType
from typing import Any, Protocol

from starlette.types import Message, Receive, Scope, Send


class Peer(Protocol):
    """What is known of a client: how to hear it, and whether it has left by now."""

    @property
    def disconnected(self) -> bool:
        """Whether the server knows by now that the client has left."""

    async def receive(self) -> Message:
        """The next message from it."""


def peer_of(scope: Scope, receive: Receive, headers: Mapping[bytes, bytes]) -> Peer:
    """The client behind a server's `receive`.

    uvicorn says by itself whether the client has left, so where there is no body to measure nothing need stand between.
    """
    server: Any = getattr(receive, "__self__", None)
    bodied = b"content-length" in headers or b"transfer-encoding" in headers
    if not bodied and hasattr(server, "disconnected") and scope["http_version"] < "2":
        uvicorn: Peer = server
        return uvicorn
    return Client(receive, headers)


class Client:
    """Stands between the server's `receive` and the application's.

    A server tells of a disconnect only when asked, and most applications never ask. `disconnected` asks without waiting
    and keeps what it was given, so that the application still receives every body message, in order.
    """

    def __init__(self, receive: Receive, headers: Mapping[bytes, bytes]) -> None:
        self._receive = receive
        self._held: list[Message] = []
        self._in_flight = 0
        self._disconnected = False
        # A server's `receive` is a method. A function is a middleware's: while it waits it may hold a task group open,
        # which must not be dropped half way.
        self._may_ask = isinstance(receive, MethodType)
        # Asking such a client for its body would make the server answer "100 Continue" in the application's place.
        self._expects_continue = b"expect" in headers
        self.received_bytes = 0

    async def receive(self) -> Message:
        """The application's `receive`."""
        self._expects_continue = False
        if self._held:
            return self._held.pop(0)
        if self._disconnected:
            return {"type": "http.disconnect"}
        self._in_flight += 1
        try:
            return self._note(await self._receive())
        finally:
            self._in_flight -= 1

    @property
    def disconnected(self) -> bool:
        """Whether the server knows by now that the client has left."""
        # While the application itself waits in `receive`, it gets the news first; two readers could swap messages.
        while self._may_ask and not (
            self._disconnected or self._in_flight or self._expects_continue or self._more_body_held()
        ):
            message = _poll(self._receive)
            if message is None:
                break
            if self._note(message)["type"] == "http.request":
                self._held.append(message)
        return self._disconnected

    def _more_body_held(self) -> bool:
        """Holding one piece of an unread body is enough: reading on would fill memory in the application's place."""
        return bool(self._held) and bool(self._held[-1].get("more_body"))

    def _note(self, message: Message) -> Message:
        if message["type"] == "http.disconnect":
            self._disconnected = True
        elif message["type"] == "http.request":
            self.received_bytes += len(message.get("body", b""))
        return message


def _poll(receive: Receive) -> Message | None:
    """The next message if there is one already, without giving the event loop a turn."""
    waiting: Any = receive()
    iterator = waiting.__await__()
    try:
        next(iterator)
    except StopIteration as answer:
        message: Message = answer.value
        return message
    iterator.close()
    return None


def closed(send: Send) -> bool:
    """Whether the connection is closed, and drops what is sent, as far as the server lets us see it: uvicorn does.

    Of pipelined requests it tells the last alone that the client has left, and none that it has itself closed the
    connection after a fault. One that is being closed still takes what is sent while it has something to write.
    """
    transport = _transport(send)
    return transport is not None and transport.is_closing() and not transport.get_write_buffer_size()


def cut_off(send: Send) -> None:
    """Reset the connection of a client that does not read, as far as the server lets us: uvicorn does.

    Left to itself it would wait, with all that it has not sent yet, until the client has read that.
    """
    transport = _transport(send)
    if transport is None:
        return
    with suppress(OSError, AttributeError, ValueError):  # not a socket, or closed already: uvloop's ValueError
        # Otherwise the kernel would keep what it has not sent, and end the connection as if that were all.
        transport.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))
    with suppress(RuntimeError):
        transport.abort()


def _transport(send: Send) -> Any:
    return getattr(getattr(send, "__self__", None), "transport", None)
