"""A real Alertmanager on a free loopback port, with our configuration and a quicker clock, and those whom it tells."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import httpx
import yaml
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from artisan.stack import alertmanager
from artisan.stack.tools import Tools
from tests.ports import free_port

_DEADLINE_SECONDS = 20.0
_QUICKER = {"group_wait": "200ms", "group_interval": "300ms"}


class Mailbox:
    """An SMTP server that keeps what it is sent; a context manager."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self._port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self._port)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """What aiosmtpd calls for each mail."""
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(BytesParser(EmailMessage, policy=default).parsebytes(content))
        return "250 Message accepted for delivery"

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"127.0.0.1:{self._port}"

    def subjects(self) -> list[str]:
        """In the order in which they came."""
        return [mail["Subject"] for mail in self.mails]

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


class Hook:
    """A web server that keeps the JSON that is posted to it; a context manager."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.calls.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            # All groups call at the same moment; a full queue would make them wait for a second.
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """Where to post."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def alerts(self) -> set[tuple[str, str]]:
        """Name and status of every alert that was told."""
        return {(alert["labels"]["alertname"], alert["status"]) for call in self.calls for alert in call["alerts"]}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass(frozen=True)
class Alert:
    """One alert as Prometheus would send it."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str] = field(default_factory=dict)
    generator: str = ""
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def sent(self, *, firing: bool) -> dict[str, Any]:
        """The form that the API takes."""
        ends = datetime.now(UTC) + timedelta(minutes=5 if firing else 0)
        return {
            "labels": dict(self.labels),
            "annotations": dict(self.annotations),
            "generatorURL": self.generator,
            "startsAt": self.began.isoformat(),
            "endsAt": ends.isoformat(),
        }


class Alertmanager:
    """Loads `monitoring` as it is, except that it mails to `mailbox`, calls the hooks and hurries; a context manager.

    Without `hooks` their receivers stay as committed.
    """

    def __init__(self, tools: Tools, monitoring: Path, folder: Path, *, hooks: bool = True) -> None:
        self._hooks = hooks
        self.mailbox, self.webhook, self.heartbeat = Mailbox(), Hook(), Hook()
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self._log = folder / "log"
        shutil.copytree(monitoring / "templates", folder / "templates")
        config = self._hurried(yaml.safe_load((monitoring / "alertmanager.yml").read_text()))
        (folder / "alertmanager.yml").write_text(yaml.safe_dump(config))
        self._part = alertmanager.part(tools, config=folder / "alertmanager.yml", data=folder / "data", port=port)
        # A proxy of the environment could not reach loopback.
        self._http = httpx.Client(base_url=f"http://{self.address}", trust_env=False)

    def _hurried(self, config: dict[str, Any]) -> dict[str, Any]:
        config["route"] |= _QUICKER
        for route in config["route"]["routes"]:
            if route["receiver"] == "heartbeat":
                route["repeat_interval"] = "300ms"
        for receiver in config["receivers"]:
            match receiver["name"]:
                case "email":
                    [email] = receiver["email_configs"]
                    del email["auth_username"], email["auth_password_file"]
                    email |= {"smarthost": self.mailbox.address, "require_tls": False}
                case "webhook" if self._hooks:
                    receiver["webhook_configs"] = [{"url": self.webhook.url, "send_resolved": True}]
                case "heartbeat" if self._hooks:
                    receiver["webhook_configs"] = [{"url": self.heartbeat.url, "send_resolved": False}]
        return config

    def __enter__(self) -> Self:
        self._listeners = ExitStack()
        self._listeners.enter_context(self.mailbox)
        for hook in (self.webhook, self.heartbeat):
            self._listeners.enter_context(hook)
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                self._part.argv,
                cwd=self._part.cwd,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.eventually(self._is_ready, "Alertmanager is ready")
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        # The program may run below a shell of its own.
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=10)
        self._listeners.close()

    def tell(self, alerts: Iterable[Alert], *, firing: bool = True) -> None:
        """Send alerts as Prometheus does; with `firing=False` they are over now."""
        self._http.post("/api/v2/alerts", json=[alert.sent(firing=firing) for alert in alerts]).raise_for_status()

    def held_back(self) -> set[str]:
        """Names of the alerts that another one inhibits."""
        answer = self._http.get("/api/v2/alerts").raise_for_status().json()
        return {alert["labels"]["alertname"] for alert in answer if alert["status"]["inhibitedBy"]}

    def failures(self) -> dict[str, float]:
        """How many notifications have failed by each integration, as Prometheus would read it."""
        page = self._http.get("/metrics").raise_for_status().text
        rows = re.findall(r'(?m)^alertmanager_notifications_failed_total{integration="(\w+)"} (.+)$', page)
        return {integration: float(count) for integration, count in rows}

    def eventually(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something holds; raises AssertionError with Alertmanager's log when it does not in 20 s."""
        end = time.monotonic() + _DEADLINE_SECONDS
        while not holds():
            if time.monotonic() > end or self._process.poll() is not None:
                raise AssertionError(f"not in time: {what}\n{self._log.read_text()[-2000:]}")
            time.sleep(0.02)

    def _is_ready(self) -> bool:
        try:
            return self._http.get("/-/ready").is_success
        except httpx.TransportError:
            return False
