"""One HTTP exchange by ASGI itself, without a server: a scope and the two callables, as uvicorn hands them over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Scope

HEADERS = (
    (b"host", b"artisan.example"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"accept", b"application/json, text/plain, */*"),
    (b"accept-language", b"hi-IN,hi;q=0.8,en-US;q=0.5,en;q=0.3"),
    (b"accept-encoding", b"gzip, deflate, br, zstd"),
    (b"referer", b"https://artisan.example/catalogue"),
    (b"cookie", b"session=5f2b8c1d9e7a4f60b3c2d1e0f9a8b7c6; theme=dark"),
    (b"connection", b"keep-alive"),
)
"""What a browser sends."""


def scope(path: str, headers: Iterable[tuple[bytes, bytes]] = HEADERS) -> Scope:
    """The scope of a GET, new in every part that an application may change."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
        "scheme": "http",
        "method": "GET",
        "root_path": "",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": list(headers),
        "state": {},
    }


class Exchange:
    """A request without a body, and the response to it; like uvicorn's, it knows whether the client has left."""

    def __init__(self) -> None:
        self.status = 0
        self.disconnected = False
        self._headers: Iterable[tuple[bytes, bytes]] = ()
        self._chunks: list[bytes] = []
        self._unread, self._complete = True, False
        self._completed: asyncio.Event | None = None  # made by who waits for it: most applications do not

    @property
    def headers(self) -> dict[bytes, bytes]:
        """Those of the response, by their name in lower case."""
        return {name.lower(): value for name, value in self._headers}

    @property
    def body(self) -> bytes:
        """What has been sent so far."""
        return b"".join(self._chunks)

    async def receive(self) -> Message:
        """The application's `receive`: the request, and that the client has left when the response is complete."""
        if self._unread:
            self._unread = False
            return {"type": "http.request", "body": b"", "more_body": False}
        if not self._complete:
            self._completed = self._completed or asyncio.Event()
            await self._completed.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """The application's `send`."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._headers = message["headers"]
        else:
            self._chunks.append(message.get("body", b""))
            self._complete = not message.get("more_body", False)
            if self._complete and self._completed:
                self._completed.set()


async def get(app: ASGIApp, path: str, headers: Iterable[tuple[bytes, bytes]] = HEADERS) -> Exchange:
    """One GET; raises RuntimeError when it is not answered with 200."""
    exchange = Exchange()
    await app(scope(path, headers), exchange.receive, exchange.send)
    if exchange.status != 200 or not exchange.body:
        raise RuntimeError(f"{path} was answered with {exchange.status} and {len(exchange.body)} bytes")
    return exchange
