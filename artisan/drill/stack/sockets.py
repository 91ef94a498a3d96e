"""What the rehearsal's own small servers share: a request read from a socket, an answer written to it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True)
class Request:
    """One HTTP request."""

    path: str
    body: bytes


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Raises EOFError, asyncio.LimitOverrunError or ValueError for what is none."""
    line, *headers = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
    lengths = [header.partition(":")[2] for header in headers if header.lower().startswith("content-length:")]
    return Request(line.split(" ")[1], await reader.readexactly(int(lengths[0]) if lengths else 0))


async def respond(writer: asyncio.StreamWriter, status: HTTPStatus, body: Any) -> None:
    """Answer with JSON; the connection is to be closed after it."""
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 {status.value} {status.phrase}", "Content-Type: application/json"
    writer.write(
        "\r\n".join((*head, f"Content-Length: {len(content)}", "Connection: close", "", "")).encode() + content
    )
    await writer.drain()


def port_of(server: asyncio.Server) -> int:
    """Where a server listens."""
    port: int = server.sockets[0].getsockname()[1]
    return port
