"""What the clients of `agreement` ask for: every kind of answer, told from the client's side before it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from random import Random

from tests.e2e.load import RUNS
from tests.e2e.served_odd import PIECE
from tests.e2e.wire import Seen

_JSON = {"Content-Type": "application/json"}
_TOO_LONG = b"x" * (64 * 1024 + 1)
_STATIC = "/static-offline-docs/swagger-ui-bundle.js"
FORGED = (b'x" level="error', b"a" * 129, b"", "új".encode(), b"a\tb", b"{}")
MALFORMED = (b"", b"00", b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01", b"x" * 5000, b"00-\xff-\xff-01", b"ff-1-2-3-4")


@dataclass(frozen=True)
class Plain:
    """A request, and the status of its answer."""

    name: str
    method: str
    path: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    chunked: bool = False
    ends: str = "whole"
    """How its answer ends: `whole`, `breaks` half way, or `closes` the connection after it."""


def _run(name: str, text: str, status: int = 200, **headers: str) -> Plain:
    return Plain(name, "POST", RUNS, status, _JSON | headers, text.encode())


PLAIN = (
    Plain("search", "GET", "/api/search?q=raw+silk+in+Karnataka"),
    Plain("agents", "GET", "/api/agents"),
    _run("run", '{"query": "cotton yarn near Pochampally"}'),
    _run("events", '{"query": "raw silk in Karnataka"}', Accept="text/event-stream"),
    _run("events refused", "{}", 422, Accept="text/event-stream"),
    _run("no JSON", "{", 422),
    _run("too long", _TOO_LONG.decode(), 413),
    Plain("too long in chunks", "POST", RUNS, 413, _JSON, _TOO_LONG, chunked=True),
    Plain("no question", "GET", "/api/search", 422),
    Plain("no UTF-8", "GET", "/api/search?q=%ff", 400),
    Plain("no agent", "POST", "/api/agents/nobody/runs", 404, _JSON, b'{"query": "x"}'),
    Plain("nowhere", "GET", "/nowhere/%F0%9F%A7%B6?x=1", 404),
    Plain("nowhere with a body", "PUT", "/nowhere", 404, {}, b"x" * 1000),
    Plain("wrong method", "DELETE", "/api/search", 405),
    Plain("other method", "PROPFIND", "/api/agents", 405),
    Plain("options", "OPTIONS", "/api/agents", 405),
    Plain("head refused", "HEAD", "/api/agents", 405),
    Plain("head of a stream", "HEAD", f"/odd/large?size={3 * PIECE}"),
    Plain("head of a file", "HEAD", _STATIC),
    Plain("redirect", "GET", "/api/agents/", 307),
    Plain("guide", "GET", "/guide"),
    Plain("bundle", "GET", _STATIC),
    Plain("range", "GET", _STATIC, 206, {"Range": "bytes=10-300000"}),
    Plain("bad range", "GET", _STATIC, 416, {"Range": "bytes=99999999-"}),
    Plain("ranges", "GET", _STATIC, 206, {"Range": "bytes=0-9,20-100020"}),
    Plain("file of whole pieces", "GET", "/odd/file"),
    Plain("large", "GET", f"/odd/large?size={8 * PIECE + 7}"),
    Plain("fault", "GET", "/odd/boom", 500, ends="closes"),
    Plain("unavailable", "GET", "/odd/unavailable", 503),
    Plain("breaks", "GET", "/odd/breaks?size=2000", 200, ends="breaks"),
    Plain("echo", "POST", "/odd/echo", 200, {}, b"y" * 60_000),
    Plain("echo in chunks", "POST", "/odd/echo", 200, {}, b"z" * 5000, chunked=True),
    Plain("echo of nothing", "POST", "/odd/echo", 200, {}, b""),
    Plain("expects continue", "POST", "/odd/echo", 200, {"Expect": "100-continue"}, b"w" * 3000),
    Plain("work after the answer", "GET", "/odd/later", ends="closes"),
    Plain("pause", "GET", "/odd/pause?seconds=0.01"),
    Plain("upgrade", "GET", "/api/agents", 200, {"Connection": "Upgrade", "Upgrade": "websocket"}, ends="closes"),
)
LEFT = Plain("answered when it has left", "GET", "/odd/left")
ENDLESS = Plain("endless", "GET", "/odd/endless")


@dataclass
class Asked:
    """One request that was sent, what its client saw, and what may be told of it."""

    way: str
    plain: Plain
    sent_id: str
    trace_id: str | None
    sampled: bool
    data: bytes
    forged: bool
    seen: Seen = field(default_factory=Seen)
    left: bool = False
    """Whether the client has left, or said that nothing more comes, before it had the last byte."""
    must_be_abandoned: bool = False
    """Whether it certainly had left before the last byte was made."""
    lines: tuple[int, int] = (1, 1)
    """The fewest and the most that there may be of it."""
    behind: bool = False
    """Whether it was sent behind a request at whose end the server closes the connection."""

    @property
    def request_id(self) -> str | None:
        """The client's, or the one that it was given instead."""
        return self.seen.request_id if self.forged else self.sent_id

    def __str__(self) -> str:
        return f"{self.request_id} [{self.way}: {self.plain.name}] saw {self.seen}"


class Requests:
    """Makes each with an id of its own and one of many kinds of headers."""

    def __init__(self, random: Random) -> None:
        self._random, self._numbers = random, count()
        self.all: list[Asked] = []

    def any(self, way: str, *, ends: tuple[str, ...] = ("whole", "breaks", "closes"), forge: bool = False) -> Asked:
        """One of the plain ones that end in such a way."""
        plain = self._random.choice([each for each in PLAIN if each.ends in ends])
        return self.make(way, plain, forge=forge)

    def make(self, way: str, plain: Plain, *, forge: bool = False, version: str = "1.1", close: bool = False) -> Asked:
        """One whose client may have forged its id, if it will read what it was given instead."""
        sent_id = f"{way.replace(' ', '_')}-{next(self._numbers)}"
        forged = forge and self._random.random() < 0.1
        ids = [self._random.choice(FORGED)] if forged else [sent_id.encode()]
        if not forged and self._random.random() < 0.05:
            ids.insert(0, b"an-id-that-another-follows")
        trace_id, sampled, traceparent = self._trace()
        headers = [b"Host: x", *(b"X-Request-ID: " + each for each in ids)]
        headers += [f"{name}: {value}".encode() for name, value in plain.headers.items()]
        if traceparent is not None:
            headers.append(b"traceparent: " + traceparent)
        if close:
            headers.append(b"Connection: close")
        if plain.chunked:
            headers.append(b"Transfer-Encoding: chunked")
        elif plain.body is not None:
            headers.append(b"Content-Length: %d" % len(plain.body))
        first = f"{plain.method} {plain.path} HTTP/{version}".encode()
        data = b"\r\n".join([first, *headers, b"", b""]) + self._body(plain)
        asked = Asked(way, plain, sent_id, trace_id, sampled, data, forged)
        self.all.append(asked)
        return asked

    def _trace(self) -> tuple[str | None, bool, bytes | None]:
        chance = self._random.random()
        trace_id = f"{self._random.getrandbits(128) | 1:032x}"
        if chance < 0.2:
            return trace_id, True, f"00-{trace_id}-00f067aa0ba902b7-01".encode()
        if chance < 0.3:
            return trace_id, False, f"00-{trace_id}-00f067aa0ba902b7-00".encode()
        return None, True, self._random.choice(MALFORMED) if chance < 0.5 else None

    def _body(self, plain: Plain) -> bytes:
        body = plain.body or b""
        if not plain.chunked:
            return body
        pieces, start = [], 0
        while start < len(body):
            piece = body[start : start + self._random.randint(1, 40_000)]
            pieces.append(b"%x\r\n%b\r\n" % (len(piece), piece))
            start += len(piece)
        return b"".join([*pieces, b"0\r\n\r\n"])
