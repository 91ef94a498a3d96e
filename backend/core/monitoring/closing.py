"""The last answer on a connection: HTTP/1 has no other way to tell a client to send its next request elsewhere."""

from __future__ import annotations

from starlette.types import Message, Scope, Send

_CLOSE = (b"connection", b"close")


def closing(scope: Scope, send: Send) -> Send:
    """`send` with `Connection: close` in the answer; as it is for HTTP/2, which forbids the header (RFC 9113 8.2.2)."""
    if not scope.get("http_version", "1.1").startswith("1"):
        return send

    async def send_and_close(message: Message) -> None:
        if message["type"] == "http.response.start":
            others = [pair for pair in message.get("headers", ()) if pair[0] != b"connection"]
            message = {**message, "headers": [*others, _CLOSE]}
        await send(message)

    return send_and_close
