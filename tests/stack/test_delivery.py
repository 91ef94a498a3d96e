"""From an alert to whoever is told of it, through the real Alertmanager with its rendered configuration."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from artisan.stack.supervisor import Supervisor
from artisan.stack.tools import Tools
from artisan.stack.up import Ports, Setup, plan

from .conftest import ROOT

SECONDS = 20


@dataclass
class Called:
    """An HTTP server that takes notes of what is sent to it, by path."""

    calls: dict[str, list[Any]] = field(default_factory=dict)

    async def note(self, request: Request) -> Response:
        self.calls.setdefault(request.url.path, []).append(json.loads(await request.body()))
        return Response()

    def told(self, path: str) -> list[tuple[str, str]]:
        """Of each call, its status and the alert that it is about."""
        return [(call["status"], call["commonLabels"]["alertname"]) for call in self.calls.get(path, [])]


@dataclass(frozen=True)
class Delivery:
    """Alertmanager, the mailbox, and a server that is called."""

    alertmanager: httpx.AsyncClient
    mailbox: httpx.AsyncClient
    called: Called

    async def post(self, name: str, **more: str) -> None:
        alert = {"labels": {"alertname": name, "severity": "critical"}, "annotations": {"summary": "told"}, **more}
        (await self.alertmanager.post("/api/v2/alerts", json=[alert])).raise_for_status()

    async def subjects(self) -> list[str]:
        """Of the mails, oldest first."""
        messages = (await self.mailbox.get("/api/messages")).json()["messages"]
        return [message["subject"] for message in reversed(messages)]


@pytest.fixture
async def delivery(
    tools: Tools, free_port: Callable[[], int], tmp_path: Path, serve: Callable[..., Any]
) -> AsyncIterator[Delivery]:
    """With all that has to be waited for cut to a second."""
    called = Called()
    ports = Ports(*(free_port() for _ in fields(Ports)))
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(
            serve(Starlette(routes=[Route("/{name}", called.note, methods=["POST"])]))
        )
        address = f"http://127.0.0.1:{port}"
        settings = {"ALERT_WEBHOOK_URL": f"{address}/webhook", "ALERT_HEARTBEAT_URL": f"{address}/heartbeat"}
        chosen = plan(Setup(ROOT, tmp_path, ports, tools, settings))
        rendered = tmp_path / "run" / "alertmanager.yml"
        rendered.write_text(re.sub(r"(group_wait|group_interval): \w+", r"\1: 1s", rendered.read_text()))
        parts = [part for part in chosen.parts if part.name in {"alertmanager", "mailbox"}]
        supervisor = await stack.enter_async_context(Supervisor(parts, logs=tmp_path / "logs"))
        await supervisor.started()
        addresses = [f"http://127.0.0.1:{port}" for port in (ports.alertmanager, ports.mailbox)]
        clients = [await stack.enter_async_context(httpx.AsyncClient(base_url=address)) for address in addresses]
        yield Delivery(*clients, called)


async def test_an_alert_goes_to_people_and_a_heartbeat_to_its_watcher(delivery: Delivery) -> None:
    """By mail and webhook, begin and end; the heartbeat to its own address alone."""
    await delivery.post("Watchdog")
    await delivery.post("Rehearsed")
    async with asyncio.timeout(SECONDS):
        while len(await delivery.subjects()) < 1 or not delivery.called.told("/webhook"):
            await asyncio.sleep(0.05)
    await delivery.post("Rehearsed", endsAt="2020-01-01T00:00:00Z", startsAt="2019-12-31T00:00:00Z")
    async with asyncio.timeout(SECONDS):
        while len(await delivery.subjects()) < 2 or len(delivery.called.told("/webhook")) < 2:
            await asyncio.sleep(0.05)
    assert await delivery.subjects() == ["[FIRING critical] Rehearsed: told", "[RESOLVED] Rehearsed: told"]
    assert delivery.called.told("/webhook") == [("firing", "Rehearsed"), ("resolved", "Rehearsed")]
    assert set(delivery.called.told("/heartbeat")) == {("firing", "Watchdog")}


def test_every_setting_of_the_receivers_is_documented() -> None:
    """Those that the code reads and those of .env.example are the same."""
    code = "".join(file.read_text() for file in (ROOT / "artisan" / "stack").glob("*.py"))
    example = (ROOT / ".env.example").read_text()
    read = set(re.findall(r'"(ALERT_[A-Z_]+)"', code))
    assert read == set(re.findall(r"^#(ALERT_[A-Z_]+)=$", example, re.MULTILINE))
    assert len(read) == 7
