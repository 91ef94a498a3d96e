"""The real parts beside the backend: they start, do their work and stop."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio

from artisan.stack.part import State
from artisan.stack.supervisor import Supervisor
from artisan.stack.tools import Tools
from artisan.stack.up import Ports, Setup, plan

from .conftest import ROOT, Told

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Running:
    """All parts of `artisan up` but the backend."""

    ports: Ports
    states: dict[str, State]


@pytest.fixture
async def running(tools: Tools, free_port: Callable[[], int], tmp_path: Path, told: Told) -> AsyncIterator[Running]:
    """They run for one test; afterwards each must have stopped by itself, within its grace."""
    ports = Ports(*(free_port() for _ in fields(Ports)))
    chosen = plan(Setup(ROOT, tmp_path, ports, tools, {}))
    parts = [part for part in chosen.parts if not part.essential]
    async with Supervisor(parts, logs=tmp_path / "logs", report=told) as supervisor:
        await supervisor.started()
        yield Running(ports, supervisor.states)
    graces = {part.name: part.stop_grace for part in parts}
    stopped = {event.name: event.seconds for event in told.events if event.state is State.STOPPED}
    assert stopped.keys() == graces.keys()
    assert all(stopped[name] < graces[name] for name in graces)


async def _get(port: int, path: str, body: object = None) -> Any:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode() if body else None)
    request.add_header("Content-Type", "application/json")

    def ask() -> Any:
        with _OPENER.open(request, timeout=30) as answer:
            return json.load(answer)

    return await asyncio.to_thread(ask)


async def test_they_work_together(running: Running) -> None:
    """Each answers in its own protocol, and Prometheus knows what to watch and whom to tell."""
    assert set(running.states.values()) == {State.READY}
    ports = running.ports
    async with redis.asyncio.Redis(port=ports.valkey) as client:
        assert await client.set("key", "value")
        assert (await client.config_get("save"))["save"] == ""
    question = {"model": "smollm2-135m-instruct", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 3}
    answer = await _get(ports.llm, "/v1/chat/completions", question)
    assert answer["model"] == "smollm2-135m-instruct"
    assert answer["usage"]["completion_tokens"] == 3
    async with asyncio.timeout(20):
        while not (await _get(ports.prometheus, "/api/v1/alertmanagers"))["data"]["activeAlertmanagers"]:
            await asyncio.sleep(0.1)
        while len(targets := (await _get(ports.prometheus, "/api/v1/targets"))["data"]["activeTargets"]) < 3:
            await asyncio.sleep(0.1)
    assert {target["scrapeUrl"] for target in targets} == {
        f"http://localhost:{ports.backend}/monitoring/metrics",
        f"http://localhost:{ports.prometheus}/metrics",
        f"http://localhost:{ports.alertmanager}/metrics",
    }
    rules = (await _get(ports.prometheus, "/api/v1/rules"))["data"]["groups"]
    assert {rule["name"] for group in rules for rule in group["rules"]} >= {"ServiceUnavailable", "RedisUnavailable"}
    assert (await _get(ports.alertmanager, "/api/v2/status"))["cluster"]["status"] == "disabled"


async def test_prometheus_pages_have_all_they_need(running: Running) -> None:
    """Their scripts and styles come from packages of their own where Prometheus was not installed."""

    def look() -> dict[str, int]:
        with _OPENER.open(f"http://127.0.0.1:{running.ports.prometheus}/graph") as page:
            text = page.read().decode()
        paths = {part.split('"')[0] for attribute in ("src", "href") for part in text.split(f'{attribute}="')[1:]}
        wanted = sorted(path for path in paths if path.endswith((".js", ".css")) or ".js?" in path or ".css?" in path)
        assert wanted
        statuses = {}
        for path in wanted:
            with _OPENER.open(f"http://127.0.0.1:{running.ports.prometheus}/{path.lstrip('./')}") as file:
                statuses[path] = file.status
        return statuses

    assert set((await asyncio.to_thread(look)).values()) == {200}
