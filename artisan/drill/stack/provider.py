"""An LLM provider on a real socket that speaks OpenAI's chat API and behaves as badly as a fault wants."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from artisan.drill.stack.sockets import port_of, read_request, respond
from artisan.stack.ports import LOOPBACK

MODEL = "gpt-4o-mini"
"""A model of OpenAI that the price table knows: its tokens cost money."""
_NO_LABELS = json.dumps({"place": "none", "material": "none", "product": "none"})


@dataclass(frozen=True)
class Behaviour:
    """How the provider answers a completion; a failing one fails to list its models as well."""

    status: HTTPStatus = HTTPStatus.OK
    seconds: float = 0.0
    """How long an answer takes."""
    prompt_tokens: int = 400
    completion_tokens: int = 20
    tells_usage: bool = True
    """Without it the caller is charged and never told how much."""


class Provider:
    """One vendor. Changing its behaviour also ends the waits of answers that were to be late."""

    def __init__(self) -> None:
        self.port = 0
        self._behaviour = Behaviour()
        self._changed = asyncio.Event()

    @contextmanager
    def behaving(self, behaviour: Behaviour) -> Iterator[None]:
        """Within the block it behaves like this."""
        before = self._behaviour
        self._become(behaviour)
        try:
            yield
        finally:
            self._become(before)

    def _become(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._changed.set()
        self._changed = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request; the connection ends with it."""
        # A client that goes away, or sends nonsense, is its own concern.
        with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError, ValueError):
            request = await read_request(reader)
            status, body = await self._answer(request.path)
            await respond(writer, status, body)
        writer.close()

    async def _answer(self, path: str) -> tuple[HTTPStatus, dict[str, Any]]:
        behaviour = self._behaviour
        if path.endswith("/chat/completions") and behaviour.seconds:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), behaviour.seconds)
        if behaviour.status is not HTTPStatus.OK:
            error = {"message": "as the rehearsal wants", "type": "server_error", "code": None}
            return behaviour.status, {"error": error}
        return HTTPStatus.OK, _completion(behaviour) if path.endswith("/chat/completions") else _MODELS


_MODELS = {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 1, "owned_by": "drill"}]}


def _completion(behaviour: Behaviour) -> dict[str, Any]:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": _NO_LABELS}}
    answer = {"id": "drill", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]}
    if not behaviour.tells_usage:
        return answer
    total = behaviour.prompt_tokens + behaviour.completion_tokens
    used = {"prompt_tokens": behaviour.prompt_tokens, "completion_tokens": behaviour.completion_tokens}
    return {**answer, "usage": {**used, "total_tokens": total}}


@asynccontextmanager
async def running_provider() -> AsyncIterator[Provider]:
    """A well-behaved provider on a free port of loopback."""
    provider = Provider()
    async with await asyncio.start_server(provider.serve, LOOPBACK, 0) as server:
        provider.port = port_of(server)
        yield provider
