"""Whether anybody is told, asked of a real Alertmanager and real mail servers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP

from artisan.doctor import Harm
from artisan.stack.tools import Tools
from tests.e2e.processes import eventually
from tests.ports import free_port
from tests.watching.alertmanager import Alert, Hook

from .conftest import Look, only
from .watching import Watcher, alertmanager_with, committed, listening


def one_receiver(**configs: Any) -> dict[str, Any]:
    """A configuration with one route to it, and a heartbeat."""
    beat = {"url": "http://127.0.0.1:9/secret-beat"}
    return {
        "route": {"receiver": "all", "routes": [{"receiver": "beat", "matchers": ["alertname = Watchdog"]}]},
        "receivers": [{"name": "all", **configs}, {"name": "beat", "webhook_configs": [beat]}],
    }


def mail(smarthost: str, **fields: Any) -> dict[str, Any]:
    return {"email_configs": [{"to": "me@example.org", "from": "it@example.org", "smarthost": smarthost, **fields}]}


@pytest.fixture(scope="module")
def as_committed(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watcher]:
    """With the repository's configuration, into which nobody has put an address."""
    with alertmanager_with(tools, tmp_path_factory.mktemp("committed"), committed()) as watcher:
        yield watcher


async def test_an_alertmanager_that_is_away_is_told_once(look: Look) -> None:
    """What only it could answer is then left open."""
    gone = f"http://127.0.0.1:{free_port()}"
    finding = only(await look("alertmanager", ALERTMANAGER_URL=gone))
    assert (finding.harm, finding.what) == (
        Harm.ERROR,
        f"Alertmanager at {gone} cannot be reached (Connection refused).",
    )
    for check in ("receivers", "mail"):
        assert (await look(check, ALERTMANAGER_URL=gone)).skipped == "Alertmanager does not answer"


async def test_one_that_runs_is_fine_and_refused_configurations_are_told(
    look: Look, tools: Tools, tmp_path: Path
) -> None:
    """It goes on with the old one until its next start."""
    with alertmanager_with(tools, tmp_path, one_receiver()) as watcher:
        assert (await look("alertmanager", ALERTMANAGER_URL=watcher.url)).findings == ()
        watcher.config.write_text("route: {}")
        assert watcher.http.post("/-/reload").status_code == 500
        finding = only(await look("alertmanager", ALERTMANAGER_URL=watcher.url))
    assert (finding.harm, "could not read its configuration" in finding.what) == (Harm.ERROR, True)


class Refusing(BaseHTTPRequestHandler):
    """A webhook that takes nothing; what is refused with 400 is not tried again."""

    def do_POST(self) -> None:
        self.send_response(400)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


async def test_notifications_that_failed_are_told(look: Look, tools: Tools, tmp_path: Path) -> None:
    """When every one has, nobody is told of anything."""

    def has_failed() -> bool:
        page = watcher.http.get("/metrics").text
        return 'alertmanager_notifications_failed_total{integration="webhook"} 1' in page

    with listening(Refusing) as url:
        config = one_receiver(webhook_configs=[{"url": f"{url}/a-secret-path"}])
        config["route"]["group_wait"] = "0s"
        with alertmanager_with(tools, tmp_path, config) as watcher:
            alert = Alert({"alertname": "Ringing"}).sent(firing=True)
            watcher.http.post("/api/v2/alerts", json=[alert]).raise_for_status()
            eventually(has_failed)
            finding = only(await look("alertmanager", ALERTMANAGER_URL=watcher.url))
    assert finding.harm is Harm.ERROR
    assert "by webhook: every one of its notifications" in finding.what


async def test_addresses_of_the_guide_are_told(look: Look, as_committed: Watcher) -> None:
    """Nobody reads there; each with the command that puts one's own in its place."""
    findings = (await look("receivers", ALERTMANAGER_URL=as_committed.url)).findings
    errors = [finding for finding in findings if finding.harm is Harm.ERROR]
    assert [finding.what for finding in errors] == [
        "Mails have the guide's own address as their 'to': alerts@artisanhub.com.",
        "Mails have the guide's own address as their 'auth_username': your-email@gmail.com.",
    ]
    assert errors[0].mend == "sed -i.bak 's/alerts@artisanhub.com/you@example.org/' monitoring/alertmanager.yml"


async def test_a_missing_heartbeat_is_noted(look: Look, as_committed: Watcher) -> None:
    """And warned of where people depend on the service."""
    for environment, harm in (("development", Harm.NOTE), ("production", Harm.WARNING)):
        findings = (await look("receivers", ALERTMANAGER_URL=as_committed.url, ENVIRONMENT=environment)).findings
        assert [f.harm for f in findings if f.what == "No heartbeat leaves this machine."] == [harm]


async def test_a_receiver_that_tells_nobody_is_told(look: Look, tools: Tools, tmp_path: Path) -> None:
    """Where alarms end; one that hands them on to the next route is no end."""
    config = one_receiver()
    config["route"]["routes"] = [{"receiver": "beat", "continue": True}, {"receiver": "all"}]
    with alertmanager_with(tools, tmp_path, config) as watcher:
        findings = (await look("receivers", ALERTMANAGER_URL=watcher.url)).findings
    assert [f.what for f in findings if f.harm is Harm.ERROR] == [
        "Alarms end at the receiver 'all', which tells nobody."
    ]


async def test_receivers_that_tell_somebody_are_fine(look: Look, tools: Tools, tmp_path: Path) -> None:
    """A mail server elsewhere, a heartbeat, and nobody's placeholder; where they lead is a secret."""
    with alertmanager_with(tools, tmp_path, one_receiver(**mail("mail.example.org:587"))) as watcher:
        assert (await look("receivers", ALERTMANAGER_URL=watcher.url)).findings == ()


async def test_a_password_that_is_not_there_is_told(look: Look, tools: Tools, tmp_path: Path) -> None:
    """Alertmanager starts without it, and fails at each mail."""
    missing = tmp_path / "smtp-password"
    config = one_receiver(**mail("mail.example.org:587", auth_username="me", auth_password_file=str(missing)))
    with alertmanager_with(tools, tmp_path, config) as watcher:
        finding = only(await look("receivers", ALERTMANAGER_URL=watcher.url))
        missing.write_text("secret")
        assert (await look("receivers", ALERTMANAGER_URL=watcher.url)).findings == ()
    assert (finding.harm, str(missing) in finding.what) == (Harm.ERROR, True)


@contextmanager
def mail_server(**options: Any) -> Iterator[str]:
    """A real one; gives its `host:port`."""
    controller = Controller(Sink(), hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield f"127.0.0.1:{controller.port}"
    finally:
        controller.stop()


async def test_no_mails_are_not_looked_at(look: Look, tools: Tools, tmp_path: Path) -> None:
    """A webhook needs no mail server."""
    with alertmanager_with(tools, tmp_path, one_receiver()) as watcher:
        assert (await look("mail", ALERTMANAGER_URL=watcher.url)).skipped == "Alertmanager sends no mails"


async def test_mail_servers_are_visited_and_sent_nothing(look: Look, tools: Tools, tmp_path: Path) -> None:
    """All at once: one that is fine, one without the TLS that is wanted, one without a login, one that is gone."""
    commands: list[str] = []

    class Noting(SMTP):
        async def smtp_EHLO(self, hostname: str) -> None:
            commands.append("EHLO")
            await super().smtp_EHLO(hostname)

        async def smtp_MAIL(self, arg: str) -> None:
            commands.append("MAIL")
            await super().smtp_MAIL(arg)

    class Noted(Controller):
        def factory(self) -> SMTP:
            return Noting(self.handler, **self.SMTP_kwargs)

    gone = f"127.0.0.1:{free_port()}"
    with mail_server() as plain, mail_server() as without_login:
        noted = Noted(Sink(), hostname="127.0.0.1", port=free_port())
        await asyncio.to_thread(noted.start)
        try:
            emails = [
                {"smarthost": f"127.0.0.1:{noted.port}", "require_tls": False},
                {"smarthost": plain},
                {"smarthost": without_login, "require_tls": False, "auth_username": "me", "auth_password": "secret"},
                {"smarthost": gone, "require_tls": False},
            ]
            people = {"to": "me@example.org", "from": "it@example.org"}
            config = one_receiver(email_configs=[{**people, **email} for email in emails])
            with alertmanager_with(tools, tmp_path, config) as watcher:
                findings = (await look("mail", ALERTMANAGER_URL=watcher.url)).findings
        finally:
            await asyncio.to_thread(noted.stop)
    assert {finding.what for finding in findings} == {
        f"The mail server {plain} offers no STARTTLS, without which Alertmanager sends nothing (require_tls).",
        f"The mail server {without_login} takes no login, and Alertmanager has one (auth_username).",
        f"The mail server {gone} cannot be used: Connection refused.",
    }
    assert commands == ["EHLO"]


async def test_a_mailbox_of_this_machine_is_noted(look: Look, tools: Tools, tmp_path: Path) -> None:
    """It is no mistake, and reaches nobody who is not sitting here."""
    with (
        Hook() as hook,
        alertmanager_with(
            tools, tmp_path, one_receiver(**mail("localhost:1025"), webhook_configs=[{"url": hook.url}])
        ) as watcher,
    ):
        finding = only(await look("receivers", ALERTMANAGER_URL=watcher.url))
    assert (finding.harm, "of this machine" in finding.what) == (Harm.NOTE, True)
