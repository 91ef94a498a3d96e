"""Refuses bodies over a limit with a problem document.

The framework has such a limit too, but answers in plain text, without the request id.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.core.monitoring import problem


class BodyLimit:
    """ASGI middleware; `limit` in bytes, told by Content-Length or counted as they come."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self._limit = limit
        self._detail = f"A body has at most {limit} bytes."

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 413."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif self._announced(scope) > self._limit:
            await problem(413, self._detail)(scope, receive, send)
        else:
            await self.app(scope, self._counting(receive), send)

    def _announced(self, scope: Scope) -> int:
        length = Headers(scope=scope).get("content-length", "")
        return int(length) if length.isascii() and length.isdecimal() else 0

    def _counting(self, receive: Receive) -> Receive:
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise HTTPException(413, self._detail)
            return message

        return receive_within_limit
