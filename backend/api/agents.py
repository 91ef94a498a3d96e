"""`GET /api/agents` and `POST /api/agents/{agent_type}/runs`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing
from dataclasses import asdict
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.sse import format_sse_event
from pydantic import BaseModel
from starlette.responses import Response, StreamingResponse

from backend.agents import AgentRunner
from backend.core.monitoring import current_request_id

from .queries import Question

T = TypeVar("T")

EVENT_STREAM = "text/event-stream"


class AgentCard(BaseModel):
    """What an agent is for and what it may use."""

    agent_type: str
    description: str
    tools: list[str]


class AgentList(BaseModel):
    """All agents of this service."""

    agents: list[AgentCard]


class RunRequest(BaseModel):
    """The question for an agent."""

    query: Question


def agents_router(runner: AgentRunner) -> APIRouter:
    """The routes that list and run the agents of `runner`."""
    router = APIRouter(prefix="/api/agents", tags=["agents"])

    @router.get("")
    async def list_agents() -> AgentList:
        """The agents that can be run."""
        return AgentList(agents=[AgentCard.model_validate(asdict(card)) for card in runner.cards()])

    @router.post("/{agent_type}/runs", response_model=dict[str, Any])
    async def run_agent(agent_type: str, body: RunRequest, request: Request) -> Any:
        """Run an agent; with `Accept: text/event-stream` its steps arrive as they happen.

        A client that leaves cancels the run: nobody would read the answer that it goes on paying for.
        """
        runner.require(agent_type)
        if EVENT_STREAM in request.headers.get("accept", ""):
            return StreamingResponse(_events(runner, agent_type, body.query), media_type=EVENT_STREAM)
        run = await _while_connected(request, runner.run(agent_type, body.query))
        if run is None:
            return Response(status_code=204)  # nobody reads it
        return {"request_id": current_request_id(), **asdict(run)}

    return router


async def _events(runner: AgentRunner, agent_type: str, query: str) -> AsyncIterator[bytes]:
    """The run's events in the wire format of server-sent events; a failure is told by the last of them."""
    async with aclosing(runner.stream(agent_type, query)) as events:
        async for event in events:
            yield format_sse_event(event=event.name, data_str=event.json())


async def _while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of `work`, or None after cancelling it because the client has left."""
    task = asyncio.create_task(work)
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for each in (task, leaving):
            each.cancel()
        await asyncio.gather(task, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    """Returns when the client disconnects; its body has been read, so that no other message can come."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
