"""A scripted vendor: OpenAI's chat API on a loopback socket that behaves as badly as a test wants."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 20,
    "total_tokens": 120,
    "prompt_tokens_details": {"cached_tokens": 60},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
ZEROS = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}

Reply = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Vendor:
    """What it was asked, and what it will reply: one reply a request, the last one for ever."""

    base_url: str
    replies: list[Reply] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    busy: int = 0
    busiest: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def will(self, *replies: Reply) -> None:
        self.replies = list(replies)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            request, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.headers.append(headers)
            self.asked.append(json.loads(body) if body else {"request": request})
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
            self.arrived.set()
            try:
                await reply(reader, writer)
            finally:
                self.busy -= 1
        writer.close()


@asynccontextmanager
async def running_vendor(*replies: Reply) -> AsyncIterator[Vendor]:
    vendor = Vendor("", list(replies))
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", 0)
    vendor.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield vendor
    finally:
        server.close()


def raw(status: str, body: bytes, content_type: str = "application/json", *, promised: int | None = None) -> Reply:
    """A response; `promised` is its declared length, when that is a lie."""

    async def reply(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        length = len(body) if promised is None else promised
        head = (f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {length}", "Connection: close")
        writer.write("\r\n".join((*head, "", "")).encode() + body)
        await writer.drain()

    return reply


def status(line: str) -> Reply:
    """An error as OpenAI words it."""
    return raw(line, json.dumps({"error": {"message": "as scripted", "type": "scripted", "code": None}}).encode())


def completion(content: str | None = "{}", usage: dict[str, Any] | None = USAGE, **fields: Any) -> Reply:
    """A good answer, or one with other `fields` at its top."""
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    answer = {"id": "c1", "object": "chat.completion", "created": 1, "model": "scripted", "choices": [choice]}
    answer |= {"usage": usage} if usage is not None else {}
    return raw("200 OK", json.dumps(answer | fields).encode())


async def hang(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """No answer until the client gives up."""
    await reader.read()


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The connection breaks instead of an answer."""
    writer.transport.abort()


def stream(*words: str, finish: bool = True, then: Reply | None = None) -> Reply:
    """Words as server-sent events, with the usage last; without `finish` the connection ends after the words."""

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        for word in words:
            writer.write(_event(choices=[{"index": 0, "delta": {"content": word}, "finish_reason": None}]))
        await writer.drain()
        if then is not None:
            await then(reader, writer)
        elif finish:
            writer.write(_event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]))
            writer.write(_event(choices=[], usage=USAGE) + b"data: [DONE]\n\n")
            await writer.drain()

    return reply


def _event(**fields: Any) -> bytes:
    chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "scripted", **fields}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"
