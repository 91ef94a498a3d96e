"""The smallest HTTP client that a rehearsal needs, as a coroutine: many calls at a time, all to this machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit


class NoAnswer(Exception):
    """Nobody answered, or not in time; the message names the address and the reason."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body as JSON; raises ValueError when it is none."""
        return json.loads(self.body)


async def request(
    method: str, url: str, *, body: Any = None, query: Mapping[str, str] | None = None, within: float = 10.0
) -> Answer:
    """Ask once and read to the end. `body` is sent as JSON, `query` is put behind the address. Raises NoAnswer."""
    where = urlsplit(url)
    target = f"{where.path or '/'}{'?' + urlencode(query) if query else ''}"
    content = b"" if body is None else json.dumps(body).encode()
    # In HTTP/1.0 the answer ends with its connection: no lengths, no chunks.
    head = (
        f"{method} {target} HTTP/1.0",
        f"Host: {where.netloc}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    )
    try:
        async with asyncio.timeout(within):
            raw = await _exchange(
                where.hostname or "", where.port or 80, "\r\n".join((*head, "", "")).encode() + content
            )
        header, _, payload = raw.partition(b"\r\n\r\n")
        return Answer(int(header.split(maxsplit=2)[1]), payload)
    except TimeoutError:
        raise NoAnswer(f"{url} did not answer within {within:g} s") from None
    except (OSError, IndexError, ValueError) as error:
        raise NoAnswer(f"{url} cannot be reached ({error or type(error).__name__})") from None


async def _exchange(host: str, port: int, message: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(message)
        return await reader.read()
    finally:
        writer.close()


async def get_json(url: str, query: Mapping[str, str] | None = None) -> Any:
    """The JSON at an address. Raises NoAnswer, also for an answer that is not 200 or no JSON."""
    answer = await request("GET", url, query=query)
    try:
        if answer.status == 200:
            return answer.json()
    except ValueError:
        pass
    raise NoAnswer(f"{url} answered {answer.status}: {answer.body[:200].decode('utf-8', 'replace')}")
