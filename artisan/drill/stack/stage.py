"""The running stack, and all that a fault can do to it."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from artisan.drill.clients import web
from artisan.drill.clients.alertmanager import Alertmanager
from artisan.drill.clients.inbox import Inbox
from artisan.drill.clients.page import Page, Sign, total
from artisan.drill.clients.prometheus import Prometheus
from artisan.drill.stack.configuration import Configuration, configure
from artisan.drill.stack.deafness import Deafness, refusing_mailbox
from artisan.drill.stack.held import HeldSupervisor
from artisan.drill.stack.provider import Provider, running_provider
from artisan.drill.stack.receiver import HEARTBEAT, WEBHOOK, Receiver, running_receiver
from artisan.drill.stack.spec import Ports, Setup, parts, prometheus_host
from artisan.drill.stack.traffic import Traffic
from artisan.stack.part import Event
from artisan.stack.ports import LOOPBACK
from artisan.stack.receivers import Mail
from artisan.stack.render import Rendering
from artisan.stack.tools import Tools

_ADDRESSES = {"to": "operator@artisan.example", "sender": "alerts@artisan.example"}


@dataclass(frozen=True)
class Script:
    """What a stage is built from."""

    monitoring: Path
    folder: Path
    tools: Tools
    factor: float
    deaf: Mapping[str, Deafness] = field(default_factory=dict)
    """Alerts that are made deaf, and how."""


@dataclass(frozen=True)
class Stage:
    """The stack and everybody around it."""

    script: Script
    ports: Ports
    configuration: Configuration
    parts: HeldSupervisor
    prometheus: Prometheus
    alertmanager: Alertmanager
    inbox: Inbox
    provider: Provider
    receiver: Receiver
    traffic: Traffic

    @property
    def backend(self) -> str:
        """Its address."""
        return f"http://{LOOPBACK}:{self.ports.backend}"

    @property
    def database(self) -> Path:
        """The backend's database."""
        return self.script.folder / "data" / "artisan.db"

    @property
    def rules(self) -> Path:
        """The folder of rules that Prometheus has loaded."""
        return self.script.folder / "run" / "rules"

    def log(self, part: str) -> Path:
        """What a part has said."""
        return self.script.folder / "logs" / f"{part}.log"

    async def ask_backend(self, method: str, path: str, **query: str) -> None:
        """Make one request that has to succeed. Raises web.NoAnswer."""
        answer = await web.request(method, f"{self.backend}{path}", query=query, within=60.0)
        if answer.status >= 400:
            raise web.NoAnswer(f"{method} {path} answered {answer.status}: {answer.body[:200].decode()}")

    async def value(self, sign: Sign) -> float | None:
        """What the page says of a sign now; None when it says nothing. Raises web.NoAnswer when there is no page."""
        pages = {
            Page.BACKEND: f"{self.backend}/monitoring/metrics",
            Page.PROMETHEUS: f"{self.prometheus.url}/metrics",
            Page.ALERTMANAGER: f"{self.alertmanager.url}/metrics",
        }
        answer = await web.request("GET", pages[sign.page], within=2.0)
        return total(answer.body.decode("utf-8", "replace"), sign)

    def reload_rules(self) -> None:
        """Let Prometheus read its files again."""
        self.parts.send("prometheus", signal.SIGHUP)

    async def forget(self) -> None:
        """Take all samples from Prometheus: what only remembers a fault is over then. Raises web.NoAnswer."""
        everything = {"match[]": '{__name__!=""}'}
        answer = await web.request("POST", f"{self.prometheus.url}/api/v1/admin/tsdb/delete_series", query=everything)
        if answer.status != 204:
            raise web.NoAnswer(f"Prometheus does not forget: {answer.body[:200].decode('utf-8', 'replace')}")


@asynccontextmanager
async def open_stage(script: Script, report: Callable[[Event], None]) -> AsyncIterator[Stage]:
    """Start everything, with healthy traffic; at the end of the block all of it is gone. Raises StartFailed.

    Raises BadConfiguration when the monitoring folder cannot be run.
    """
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(running_provider())
        receiver = await stack.enter_async_context(running_receiver())
        ports = Ports.free()
        smtp = ports.smtp
        if Deafness.MAILBOX_REFUSES in script.deaf.values():
            smtp = await stack.enter_async_context(refusing_mailbox())
        watching = f"{prometheus_host(script.tools)}:{ports.prometheus}"
        rendering = Rendering(
            backend=f"{LOOPBACK}:{ports.backend}",
            prometheus=watching,
            alertmanager=f"{LOOPBACK}:{ports.alertmanager}",
            mail=Mail(f"{LOOPBACK}:{smtp}", **_ADDRESSES),
            webhook=receiver.url(WEBHOOK),
            heartbeat=receiver.url(HEARTBEAT),
        )
        configuration = configure(script.monitoring, script.folder / "run", rendering, script.factor, script.deaf)
        setup = Setup(script.folder, ports, script.tools, provider.port, script.factor)
        supervisor = HeldSupervisor(parts(setup), logs=script.folder / "logs", report=report)
        running = await stack.enter_async_context(supervisor)
        await running.started()
        traffic = Traffic(f"http://{LOOPBACK}:{ports.backend}")
        await stack.enter_async_context(traffic.healthy())
        yield Stage(
            script=script,
            ports=ports,
            configuration=configuration,
            parts=running,
            prometheus=Prometheus(watching),
            alertmanager=Alertmanager(f"{LOOPBACK}:{ports.alertmanager}"),
            inbox=Inbox(f"{LOOPBACK}:{ports.mailbox}"),
            provider=provider,
            receiver=receiver,
            traffic=traffic,
        )
