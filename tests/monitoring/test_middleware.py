"""Each request is counted once, told once, and says the same in both places."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.types import Message, Scope

from backend.core.monitoring import Monitoring
from backend.core.monitoring.metrics import REGISTRY

OK = {"method": "GET", "endpoint": "/items/{item}"}


async def test_a_request_has_one_line_with_the_guides_fields(client: httpx.AsyncClient, logs: Any) -> None:
    """`request_completed`, with what the counters know."""
    await client.get("/items/7", headers={"X-Request-ID": "abc123"})
    (line,) = logs.of("request_completed")
    assert list(line)[:7] == ["timestamp", "level", "event", "request_id", "trace_id", "span_id", "logger"]
    assert line | {"duration_seconds": 0, "timestamp": ""} == {
        "timestamp": "",
        "level": "info",
        "event": "request_completed",
        "request_id": "abc123",
        "trace_id": None,
        "span_id": None,
        "logger": "monitoring.request",
        **OK,
        "status": 200,
        "duration_seconds": 0,
        "request_size_bytes": 0,
        "response_size_bytes": 12,
    }


async def test_a_request_moves_every_http_metric_once(client: httpx.AsyncClient, rise: Any) -> None:
    """Counter and all three histograms; the gauge returns to where it was."""
    counted = rise("http_requests_total", **OK, status="200")
    others = [
        rise(f"http_{name}_count", **OK)
        for name in ("request_duration_seconds", "request_size_bytes", "response_size_bytes")
    ]
    active = rise("active_requests")
    await client.get("/items/7")
    assert (counted(), [risen() for risen in others], active()) == (1, [1, 1, 1], 0)


async def test_sizes_are_the_bytes_that_passed(client: httpx.AsyncClient, rise: Any) -> None:
    """Chunked bodies have no Content-Length and count all the same."""
    labels = {"method": "POST", "endpoint": "/echo"}
    received, sent = rise("http_request_size_bytes_sum", **labels), rise("http_response_size_bytes_sum", **labels)

    async def chunks() -> Any:
        for _ in range(3):
            yield b"x" * 1000

    await client.post("/echo", content=chunks())
    assert (received(), sent()) == (3000, 3000)


async def test_head_sends_no_body(client: httpx.AsyncClient, rise: Any) -> None:
    """A server drops the body of an answer to HEAD."""
    sent = rise("http_response_size_bytes_sum", method="HEAD", endpoint="/page")
    await client.head("/page")
    assert sent() == 0


async def test_an_unhandled_error_is_a_500_with_a_problem_and_one_line(
    client: httpx.AsyncClient, logs: Any, rise: Any
) -> None:
    """The client learns nothing of the inside, the log everything, and the counter agrees."""
    counted = rise("http_requests_total", method="GET", endpoint="/boom", status="500")
    reply = await client.get("/boom", headers={"X-Request-ID": "r1"})
    assert (reply.status_code, reply.headers["content-type"]) == (500, "application/problem+json")
    assert reply.json()["request_id"] == reply.headers["x-request-id"] == "r1"
    assert "secret" not in reply.text
    (line,) = logs.of("request_failed")
    assert (line["level"], line["error_type"], line["error"]) == ("error", "ValueError", "secret detail")
    assert "Traceback" in line["exception"]
    assert (counted(), logs.of("request_completed")) == (1, [])


async def test_an_application_that_only_raises_still_gets_an_answer(logs: Any) -> None:
    """Without any handler of its own, the wrapped application's client sees a problem document."""

    async def broken(*_: object) -> None:
        raise ValueError("no")

    transport = httpx.ASGITransport(app=Monitoring(broken), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        reply = await client.get("/x")
    assert (reply.status_code, reply.json()["status"]) == (500, 500)
    assert len(logs.of("request_failed")) == 1


async def test_a_stream_that_breaks_keeps_its_status_and_counts_as_broken(
    app: Monitoring, serve: Any, logs: Any, rise: Any
) -> None:
    """The client has already read 200; what it gets then is an aborted transfer, told by the server once."""
    labels = {"method": "GET", "endpoint": "/breaks"}
    counted, broken = rise("http_requests_total", **labels, status="200"), rise("http_responses_broken_total", **labels)
    async with serve(app) as port, httpx.AsyncClient() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get(f"http://127.0.0.1:{port}/breaks")
    assert (counted(), broken()) == (1, 1)
    (line,) = [line for line in logs.all() if line["level"] == "error"]
    assert (line["event"], line["status"], line["response_size_bytes"]) == ("request_failed", 200, 5)


async def test_background_work_is_not_part_of_the_duration(client: httpx.AsyncClient, logs: Any) -> None:
    """The clock stops at the last byte."""
    await client.get("/later")
    assert logs.of("request_completed")[0]["duration_seconds"] < 0.05
    assert logs.of("background_work")


async def test_background_work_that_fails_is_told_apart(client: httpx.AsyncClient, logs: Any, rise: Any) -> None:
    """The request itself was fine: its line and its counter stay."""
    counted = rise("http_requests_total", method="GET", endpoint="/later", status="200")
    await client.get("/later?fail=1", headers={"X-Request-ID": "bg"})
    (line,) = logs.of("work_after_response_failed")
    assert (line["request_id"], line["endpoint"], line["error"]) == ("bg", "/later", "after the answer")
    assert (counted(), len(logs.of("request_completed"))) == (1, 1)


@pytest.mark.parametrize("path", ["/items/1", "/sync", "/later"])
async def test_the_request_id_reaches_handlers_threads_and_background_tasks(
    client: httpx.AsyncClient, logs: Any, path: str
) -> None:
    """Every line written on behalf of a request carries its id."""
    reply = await client.get(path, headers={"X-Request-ID": "one.for-all:1"})
    assert reply.headers["x-request-id"] == "one.for-all:1"
    own = [line for line in logs.all() if line["logger"] in {"example", "monitoring.request"}]
    assert len(own) == 2
    assert {line["request_id"] for line in own} == {"one.for-all:1"}


@pytest.mark.parametrize("forged", [b'x" level="error', b"a" * 129, b"", "új".encode(), b"a\tb", b"{}"])
async def test_a_forged_request_id_is_replaced(client: httpx.AsyncClient, forged: bytes) -> None:
    """What could break a log line or fill a log never gets into one."""
    reply = await client.get("/items/1", headers=[(b"x-request-id", forged)])
    assert len(reply.headers["x-request-id"]) == 32


async def test_two_requests_do_not_share_an_id(client: httpx.AsyncClient) -> None:
    """An id is made for each request that brings none."""
    ids = {(await client.get("/items/1")).headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5


async def test_monitorings_own_pages_are_not_counted_and_quiet(client: httpx.AsyncClient, logs: Any) -> None:
    """A scrape every five seconds would drown the users' requests."""
    for page in ("metrics", "health", "health/live", "health/ready", "info", "nowhere"):
        await client.get(f"/monitoring/{page}")
    assert {line["level"] for line in logs.of("request_completed")} == {"debug"}
    assert not [line for line in REGISTRY.render().body.decode().splitlines() if 'endpoint="/monitoring' in line]


async def test_every_route_exists_at_zero_from_the_start(app: Monitoring) -> None:
    """The first error of a route is visible to rate() only when there was a 0 before it."""
    app._start()
    await app._vitals.stop()
    for status in ("200", "500"):
        labels = {"method": "GET", "endpoint": "/v1/outer/inner/{x}/{leaf}", "status": status}
        assert REGISTRY.value("http_requests_total", **labels) is not None


@pytest.mark.parametrize("error", [SystemExit(3), asyncio.CancelledError()], ids=repr)
async def test_a_request_that_is_torn_down_is_counted_and_told(logs: Any, rise: Any, error: BaseException) -> None:
    """Neither leaves the gauge up or a request without its line; a server's repetition is dropped."""
    active = rise("active_requests")

    async def torn_down(scope: Scope, *_: object) -> None:
        raise error

    monitored = Monitoring(torn_down)
    transport = httpx.ASGITransport(app=monitored)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        with pytest.raises(type(error)):
            await client.get("/x")
    await monitored._vitals.stop()
    logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=error)
    (line,) = [line for line in logs.all() if line["level"] == "error"]
    assert (line["event"], line["status"], line["error_type"]) == ("request_failed", 500, type(error).__name__)
    assert active() == 0


async def test_monitoring_works_below_a_middleware_that_waits_in_a_task_group(serve: Any, logs: Any) -> None:
    """Its `receive` must not be asked and dropped, which would tear its task group apart."""

    async def length(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    async def pass_on(request: Request, call_next: Any) -> Any:
        return await call_next(request)

    monitored = Monitoring(Starlette(routes=[Route("/length", length, methods=["POST"])]))
    outer = Starlette(
        routes=[Mount("/inner", monitored)], middleware=[Middleware(BaseHTTPMiddleware, dispatch=pass_on)]
    )
    async with serve(outer) as port, httpx.AsyncClient() as client:
        reply = await client.post(f"http://127.0.0.1:{port}/inner/length", content=bytes(200_000))
    await monitored._vitals.stop()
    assert reply.text == "200000"
    assert [line["event"] for line in logs.all() if line["level"] == "error"] == []


async def test_a_file_that_the_server_sends_by_itself_completes_the_response(tmp_path: Path, logs: Any) -> None:
    """Servers with the `pathsend` extension never see a body."""
    (tmp_path / "file").write_bytes(bytes(1234))
    sent: list[str] = []

    async def send(message: Message) -> None:
        sent.append(message["type"])

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/x", "headers": [], "extensions": {"http.response.pathsend": {}}}
    monitored = Monitoring(FileResponse(tmp_path / "file"))
    await monitored(scope, receive, send)
    await monitored._vitals.stop()
    (line,) = logs.of("request_completed")
    assert (sent[-1], line["response_size_bytes"]) == ("http.response.pathsend", 1234)


async def test_an_application_can_be_started_again(serve: Any) -> None:
    """A stop drains it; the next start takes traffic and watches the dependencies anew."""
    monitored = Monitoring(Starlette())
    for _ in range(2):
        async with serve(monitored) as port, httpx.AsyncClient() as client:
            assert (await client.get(f"http://127.0.0.1:{port}/monitoring/health/ready")).status_code == 200
            assert monitored._vitals.running
