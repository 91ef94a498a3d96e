"""499: a client that left before its last byte, seen on a real server and a real socket."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any

import psutil
import pytest
from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from backend.core.monitoring import Monitoring, metrics_response
from backend.core.monitoring.client import cut_off


class Slow:
    """An application whose handlers wait for the test."""

    def __init__(self) -> None:
        self.entered, self.go_on = asyncio.Event(), asyncio.Event()
        app = FastAPI()
        app.add_api_route("/slow", self.slow)
        app.add_api_route("/stream", self.stream)
        app.add_api_route("/upload", self.upload, methods=["POST"])
        self.app = Monitoring(app)

    async def slow(self) -> PlainTextResponse:
        self.entered.set()
        await self.go_on.wait()
        return PlainTextResponse("done")

    async def stream(self) -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            yield b"first"
            self.entered.set()
            await self.go_on.wait()
            yield b"second"

        return StreamingResponse(chunks())

    async def upload(self, request: Request) -> PlainTextResponse:
        self.entered.set()
        return PlainTextResponse(await request.body())


async def leave(port: int, request: bytes, slow: Slow) -> None:
    """Send a request and close the connection once the handler is at work."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await asyncio.wait_for(slow.entered.wait(), 5)
    writer.close()
    await writer.wait_closed()
    await asyncio.sleep(0.05)  # the server's socket needs a turn of the loop to hear of it
    slow.go_on.set()


async def eventually(check: Any) -> None:
    async with asyncio.timeout(5):
        while not check():
            await asyncio.sleep(0.005)


async def expect_abandoned(slow: Slow, serve: Any, logs: Any, rise: Any, request: bytes, endpoint: str) -> None:
    method = request.split()[0].decode()
    left = rise("http_requests_total", method=method, endpoint=endpoint, status="499")
    served = rise("http_requests_total", method=method, endpoint=endpoint, status="200")
    active = rise("active_requests")
    async with serve(slow.app) as port:
        await leave(port, request, slow)
        await eventually(lambda: left() == 1)
    (line,) = logs.of("request_abandoned")
    assert (line["status"], line["endpoint"], served(), active()) == (499, endpoint, 0, 0)
    assert not logs.of("request_completed")
    assert not [line for line in logs.all() if line["level"] == "error"]


async def test_a_client_that_leaves_before_the_answer(serve: Any, logs: Any, rise: Any) -> None:
    """The handler never asks; the wrapper does, before the response starts."""
    await expect_abandoned(Slow(), serve, logs, rise, b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n", "/slow")


async def test_a_client_that_leaves_amid_a_stream(serve: Any, logs: Any, rise: Any) -> None:
    """It has read 200, but never its last byte."""
    await expect_abandoned(Slow(), serve, logs, rise, b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n", "/stream")


async def test_a_client_that_leaves_amid_its_own_upload(serve: Any, logs: Any, rise: Any) -> None:
    """The framework's own error about the missing body is no failure of the service."""
    request = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"
    await expect_abandoned(Slow(), serve, logs, rise, request, "/upload")


async def test_asking_for_the_client_takes_nothing_from_the_application(serve: Any) -> None:
    """A body that arrives in pieces while the response has begun is read whole and in order."""

    async def mirror(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("no lifespan here")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        more = True
        while more:
            message = await receive()
            more = message["more_body"]
            await send({"type": "http.response.body", "body": message["body"], "more_body": more})

    pieces = [bytes([65 + index]) * 1000 for index in range(20)]
    async with serve(Monitoring(mirror)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /mirror HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 20000\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        reply = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    body = reply.split(b"\r\n\r\n", 1)[1]
    assert b"".join(body.split(b"\r\n")[1::2]) == b"".join(pieces)


async def test_a_client_that_waits_for_100_continue_is_not_answered_in_the_applications_place(serve: Any) -> None:
    """An application that refuses without reading the body must not invite it."""
    app = FastAPI()

    @app.post("/refuse")
    async def refuse() -> PlainTextResponse:
        return PlainTextResponse("no", 413)

    async with serve(Monitoring(app)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /refuse HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n")
        assert await asyncio.wait_for(reader.readline(), 5) == b"HTTP/1.1 413 Request Entity Too Large\r\n"
        writer.close()


async def test_a_client_that_leaves_while_the_last_piece_waits(serve: Any, logs: Any) -> None:
    """It reads too slowly for the server's buffer; the last piece was never on its way."""
    waiting = asyncio.Event()

    async def large(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("no lifespan here")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(20_000_000), "more_body": True})
        waiting.set()
        await send({"type": "http.response.body", "body": b"last"})

    async with serve(Monitoring(large)) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.wait_for(waiting.wait(), 5)
        writer.transport.abort()
        await eventually(lambda: logs.of("request_abandoned"))
    assert not logs.of("request_completed")


@pytest.mark.parametrize(
    "refusal", [BrokenPipeError("gone"), RuntimeError("unable to perform operation; the handler is closed")]
)
async def test_a_server_that_refuses_to_send_says_that_the_client_has_left(
    logs: Any, rise: Any, refusal: Exception
) -> None:
    """ASGI 2.4 says it by an OSError, uvloop's transport by its own words: no failure of the application."""
    active = rise("active_requests")

    async def send(_: Message) -> None:
        raise refusal

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/x", "headers": []}
    monitored = Monitoring(PlainTextResponse("done"))
    with pytest.raises(OSError, match=r"gone|closed"):
        await monitored(scope, receive, send)
    await monitored._vitals.stop()
    assert [line["status"] for line in logs.of("request_abandoned")] == [499]
    assert (logs.of("request_failed"), active()) == ([], 0)


async def test_a_fault_is_told_even_when_the_client_has_left(serve: Any, logs: Any) -> None:
    """The request is a 499, and its line carries the exception."""
    slow = Slow()

    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await slow.slow()
        raise ValueError("a real fault")

    async with serve(Monitoring(failing)) as port:
        await leave(port, b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n", slow)
        await eventually(lambda: logs.of("request_abandoned"))
    (line,) = [line for line in logs.all() if line["level"] == "error"]
    assert (line["event"], line["status"], line["error"]) == ("request_abandoned", 499, "a real fault")


@pytest.mark.parametrize("leaves", [True, False])
async def test_a_scraper_that_does_not_read_ends_its_page_without_a_complaint(
    serve: Any, rise: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, leaves: bool
) -> None:
    """One that has left, and one that is cut off: the rest of the page is not made, and no client can fill a log."""
    monkeypatch.setattr(metrics_response, "_SLICE_SECONDS", 0.0)
    monkeypatch.setattr(metrics_response, "_CHUNK", 1)
    monkeypatch.setattr(metrics_response, "DEADLINE_SECONDS", 30 if leaves else 0.5)
    pages = rise("metrics_scrape_duration_seconds_count")
    made: list[int] = []

    def piece_by_piece(ready: bytearray, pieces: Any, until: float) -> bool:
        ready += bytes(1_000_000)
        made.append(1)
        return len(made) == 10_000

    monkeypatch.setattr(metrics_response, "_fill", piece_by_piece)
    async with serve(Monitoring(FastAPI())) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"GET /monitoring/metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        await eventually(lambda: made)
        if leaves:
            writer.transport.abort()
        await eventually(lambda: not server_connections(port))
        before = -1
        while before != len(made):
            before = len(made)
            await asyncio.sleep(0.05)  # as long as there is more
        writer.close()
    assert len(made) < 1000
    assert pages() == 0
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def server_connections(port: int) -> list[Any]:
    return [
        each for each in psutil.Process().net_connections() if each.laddr.port == port and each.status == "ESTABLISHED"
    ]


class _ClosedConnection:
    """As uvloop's is, once it is closed."""

    transport: Any

    def __init__(self) -> None:
        self.transport = self
        self.asked: list[str] = []

    def get_extra_info(self, name: str) -> _ClosedConnection:
        self.asked.append(name)
        return self

    def setsockopt(self, *_: object) -> None:
        raise ValueError("I/O operation on a closed socket")

    def abort(self) -> None:
        self.asked.append("abort")
        raise RuntimeError("the handler is closed")

    async def send(self, message: Message) -> None: ...


def test_cutting_off_a_connection_that_is_closed_already_harms_nobody() -> None:
    """Its request still has to be finished: counted, told, and no longer active."""
    connection = _ClosedConnection()
    cut_off(connection.send)
    assert connection.asked == ["socket", "abort"]


@pytest.mark.parametrize(
    ("method", "headers", "pieces"), [("GET", [(b"content-length", b"5")], [b"whole"]), ("HEAD", [], [])]
)
async def test_a_client_that_leaves_with_all_that_it_was_promised_has_had_its_answer(
    serve: Any, logs: Any, method: str, headers: list[tuple[bytes, bytes]], pieces: list[bytes]
) -> None:
    """The end that the application sends later is empty: so it is with a file of whole pieces, and for HEAD."""
    left = asyncio.Event()

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("no lifespan here")
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await receive()  # the request itself
        assert (await receive())["type"] == "http.disconnect"
        await send({"type": "http.response.body", "body": b""})
        left.set()

    async with serve(Monitoring(late)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"{method} /late HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n" + b"".join(pieces)), 5)
        writer.close()
        await asyncio.wait_for(left.wait(), 5)
    (line,) = logs.of("request_completed")
    assert (line["status"], line["response_size_bytes"]) == (200, len(b"".join(pieces)))
    assert not logs.of("request_abandoned")


def of_requests(logs: Any) -> list[tuple[str, str, int]]:
    return [(line["request_id"], line["event"], line["status"]) for line in logs.all() if "endpoint" in line]


async def test_a_client_that_leaves_while_the_first_of_pipelined_requests_is_served(serve: Any, logs: Any) -> None:
    """uvicorn tells the last of them alone, which it never starts, and lets the first send what nobody is sent."""
    slow = Slow()
    requests = b"".join(b"GET /stream HTTP/1.1\r\nHost: x\r\nX-Request-ID: %b\r\n\r\n" % each for each in (b"1", b"2"))
    async with serve(slow.app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(requests)
        await asyncio.wait_for(slow.entered.wait(), 5)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        await eventually(lambda: not server_connections(port))
        slow.go_on.set()
        await eventually(lambda: of_requests(logs))
    assert of_requests(logs) == [("1", "request_abandoned", 499)]


async def test_what_is_pipelined_behind_a_fault_is_not_told_as_answered(serve: Any, logs: Any) -> None:
    """uvicorn starts it, and closes the connection for the fault before it."""
    app = FastAPI()

    @app.get("/{fails}")
    async def answer(fails: bool) -> PlainTextResponse:
        if fails:
            raise ValueError("a fault")
        return PlainTextResponse("done")

    request = b"GET /%b HTTP/1.1\r\nHost: x\r\nX-Request-ID: %b\r\n\r\n"
    async with serve(Monitoring(app)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request % (b"1", b"1") + request % (b"0", b"0"))
        reply = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    assert reply.count(b"HTTP/1.1 ") == reply.count(b"HTTP/1.1 500") == 1
    assert of_requests(logs) == [("1", "request_failed", 500), ("0", "request_abandoned", 499)]


async def test_a_fault_that_the_framework_answers_is_told_even_when_the_client_has_left(serve: Any, logs: Any) -> None:
    """Its answer goes nowhere, and the exception comes after it: they are of one request, and of one line."""
    slow = Slow()
    app = FastAPI()

    @app.get("/x")
    async def fail() -> None:
        await slow.slow()
        raise ValueError("a real fault")

    async with serve(Monitoring(app)) as port:
        await leave(port, b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n", slow)
        await eventually(lambda: logs.of("request_abandoned"))
    (line,) = [line for line in logs.all() if line["level"] == "error"]
    assert (line["event"], line["status"], line["error"]) == ("request_abandoned", 499, "a real fault")


@pytest.mark.parametrize("head", [{"headers": [(b"x-name", b"two\nlines")]}, {"status": 1000}], ids=str)
async def test_a_head_that_the_server_refuses_is_no_answer(serve: Any, logs: Any, rise: Any, head: Any) -> None:
    """Its client has not seen the status that it would have had."""
    counted = rise("http_requests_total", method="GET", endpoint="unmatched", status="500")

    async def refused(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("no lifespan here")
        await send({"type": "http.response.start", "status": 200, **head})

    async with serve(Monitoring(refused)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /x HTTP/1.1\r\nHost: x\r\nX-Request-ID: 1\r\n\r\n")
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
    assert of_requests(logs) == [("1", "request_failed", 500)]
    assert counted() == 1


async def test_an_answer_that_ends_twice_is_told_once(logs: Any, rise: Any) -> None:
    """A server lets it pass when the client has left."""
    counted = rise("http_requests_total", method="GET", endpoint="unmatched", status="200")

    async def twice(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(2):
            await PlainTextResponse("done")(scope, receive, send)

    async def send(_: Message) -> None: ...

    async def receive() -> Message:
        return {"type": "http.request"}

    monitored = Monitoring(twice)
    await monitored({"type": "http", "method": "GET", "path": "/x", "headers": []}, receive, send)
    await monitored._vitals.stop()
    assert (len(logs.of("request_completed")), counted()) == (1, 1)
