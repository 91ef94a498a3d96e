"""What a deployment puts beside our own agents, tools and routes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import httpx
from fastapi import APIRouter

from backend.agents import Answer, ToolCall, ToolResult
from backend.core.config import Settings
from backend.core.monitoring.metrics import REGISTRY
from backend.main import create_app
from backend.tools import Arguments, Found


class Nothing:
    """A tool that finds nothing."""

    name, description, arguments = "nothing", "Finds nothing.", Arguments

    async def __call__(self, _: Arguments) -> Found:
        return Found()


class Asker:
    """An agent that asks it."""

    agent_type, description, tools = "asker", "Asks for nothing.", ("nothing",)

    async def plan(self, query: str) -> AsyncGenerator[ToolCall | Answer, ToolResult]:
        yield ToolCall("nothing", {})
        yield Answer(f"Nothing about {query}.", ())


async def test_additions_are_served_and_measured_like_ours(tmp_path: Path, serve: Callable) -> None:
    """The agent is listed and run with its tool; the route answers; all of them are counted from 0 on."""
    router = APIRouter()
    router.add_api_route("/stalls/{number}", lambda number: {"stall": number})
    settings = Settings.load(env_file=None, database_url=f"sqlite+aiosqlite:///{tmp_path}/a.db", environment="test")
    app = create_app(settings, agents=[Asker()], tools=[Nothing()], routers=[router])
    async with serve(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        assert "asker" in [card["agent_type"] for card in (await client.get("/api/agents")).json()["agents"]]
        route = {"method": "GET", "endpoint": "/stalls/{number}"}
        assert REGISTRY.value("http_requests_total", **route, status="500") == 0
        run = await client.post("/api/agents/asker/runs", json={"query": "clay"})
        assert run.json()["answer"] == "Nothing about clay."
        assert (await client.get("/stalls/7")).json() == {"stall": "7"}
        assert REGISTRY.value("http_requests_total", **route, status="200") == 1
        assert REGISTRY.value("agent_executions_total", agent_type="asker", status="success") == 1
        assert REGISTRY.value("tool_executions_total", tool_name="nothing", status="success") == 1
