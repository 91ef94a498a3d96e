"""`GET /api/agents` and `POST /api/agents/{agent_type}/runs`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from fastapi.sse import format_sse_event
from pydantic import BaseModel
from starlette.responses import Response

from backend.agents import AgentRunner
from backend.core.monitoring import current_request_id

from .queries import Question
from .while_connected import EventStream, while_connected

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

    @router.post("/{agent_type}/runs", response_model=dict[str, Any], responses={200: {"content": {EVENT_STREAM: {}}}})
    async def run_agent(agent_type: str, body: RunRequest, request: Request) -> Any:
        """Run an agent; with `Accept: text/event-stream` its steps arrive as they happen.

        A client that leaves cancels the run: nobody would read the answer that it goes on paying for.
        """
        runner.require(agent_type)
        if EVENT_STREAM in request.headers.get("accept", ""):
            return EventStream(_events(runner, agent_type, body.query))
        run = await while_connected(request.receive, runner.run(agent_type, body.query))
        if run is None:
            return Response(status_code=204)  # nobody reads it
        return {"request_id": current_request_id(), **asdict(run)}

    return router


async def _events(runner: AgentRunner, agent_type: str, query: str) -> AsyncGenerator[bytes, None]:
    """The run's events in the wire format of server-sent events; a failure is told by the last of them."""
    async with aclosing(runner.stream(agent_type, query)) as events:
        async for event in events:
            yield format_sse_event(event=event.name, data_str=event.json())
