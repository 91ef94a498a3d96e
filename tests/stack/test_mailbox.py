"""The mailbox: mails come in by SMTP, stay in a Maildir, and can be read by people and by scripts."""

from __future__ import annotations

import asyncio
import mailbox
import smtplib
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import httpx
import pytest

from artisan.stack.mailbox import part
from artisan.stack.mailbox.mails import Mails
from artisan.stack.mailbox.pages import application
from artisan.stack.mailbox.receiving import Keeping, listen
from artisan.stack.supervisor import Supervisor

from .conftest import Told

SCRIPT = '<script>document.title = "owned"</script>'


@dataclass(frozen=True)
class Box:
    """A running mailbox."""

    smtp_port: int
    web: httpx.AsyncClient
    folder: Path

    async def send(self, mail: EmailMessage | bytes) -> None:
        raw = mail if isinstance(mail, bytes) else mail.as_bytes(policy=SMTP)

        def deliver() -> None:
            with smtplib.SMTP("127.0.0.1", self.smtp_port) as client:
                client.sendmail("me@example.org", ["you@example.org"], raw)

        await asyncio.to_thread(deliver)

    async def messages(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.web.get("/api/messages")).json()["messages"]
        return found

    async def only(self) -> str:
        """The address of the only mail's page."""
        (message,) = await self.messages()
        return f"/messages/{message['id']}"


@pytest.fixture
async def box(serve: Callable[[Any], AbstractAsyncContextManager[int]], tmp_path: Path) -> AsyncIterator[Box]:
    """With real SMTP and HTTP, for three mails of at most 20 kB."""
    mails = Mails(tmp_path / "mail", most=3)
    async with (
        await listen(Keeping(mails), 0, largest=20_000) as server,
        serve(application(mails)) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as web,
    ):
        yield Box(server.sockets[0].getsockname()[1], web, tmp_path / "mail")


def _mail(subject: str, html: str = "") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Prometheus <me@example.org>", "you@example.org", subject
    mail.set_content("5 % of the requests fail.\n")
    if html:
        mail.add_alternative(html, subtype="html")
    return mail


async def test_a_mail_can_be_read(box: Box) -> None:
    """In the list, on its page with text and headers, as its own HTML, and as the file that came."""
    mail = _mail("[FIRING:1] HighErrorRate – Größe", "<p>5 % fail: <a href='http://x/'>look</a></p>")
    await box.send(mail)
    address = await box.only()
    listed = (await box.web.get("/")).text
    assert f'<li class="firing"><a href="{address}"><strong>[FIRING:1] HighErrorRate – Größe</strong>' in listed
    assert "you@example.org" in listed
    page = (await box.web.get(address)).text
    assert "<dd>Prometheus &lt;me@example.org&gt;</dd>" in page
    assert "<pre>5 % of the requests fail.\n</pre>" in page
    assert "\nSubject: [FIRING:1] HighErrorRate – Größe\n" in page
    assert f'<iframe src="{address}/html"' in page
    html = (await box.web.get(f"{address}/html")).text
    assert html.startswith('<!doctype html><base target="_blank"><p>5 % fail: <a href=')
    raw = await box.web.get(f"{address}/raw")
    assert raw.content.endswith(mail.as_bytes(policy=SMTP))
    assert raw.headers["content-disposition"].startswith("attachment")


async def test_scripts_get_json(box: Box) -> None:
    """The list newest first; one mail with its text and HTML."""
    for subject in ("first", "second"):
        await box.send(_mail(subject, "<p>!</p>"))
    newest, oldest = await box.messages()
    assert (newest["subject"], oldest["subject"]) == ("second", "first")
    assert (newest["to"], newest["from"]) == ("you@example.org", "Prometheus <me@example.org>")
    assert newest["received"] >= oldest["received"]
    one = (await box.web.get(f"/api/messages/{newest['id']}")).json()
    assert (one["subject"], one["text"], one["html"]) == ("second", "5 % of the requests fail.\n", "<p>!</p>\n")
    assert ["Subject", "second"] in one["headers"]


async def test_the_folder_is_a_maildir(box: Box) -> None:
    """So any mail program can open it, and what one has read there stays in the list."""
    await box.send(_mail("hello"))
    theirs = mailbox.Maildir(box.folder)
    ((key, message),) = theirs.items()
    assert message["subject"] == "hello"
    assert isinstance(message, mailbox.MaildirMessage)
    message.set_subdir("cur")
    message.set_flags("S")
    theirs[key] = message
    assert [message["subject"] for message in await box.messages()] == ["hello"]
    assert (await box.web.get(await box.only())).status_code == 200


async def test_only_the_newest_are_kept(box: Box) -> None:
    """A stack that runs for months must not fill the disk; an address of a mail that is gone says so."""
    await box.send(_mail("0"))
    address = await box.only()
    for number in range(1, 5):
        await box.send(_mail(str(number)))
    assert [message["subject"] for message in await box.messages()] == ["4", "3", "2"]
    assert len(list((box.folder / "new").iterdir())) == 3
    gone = await box.web.get(address)
    assert (gone.status_code, "There is no such mail" in gone.text) == (404, True)
    assert (await box.web.get(f"/api{address}")).json() == {"detail": "There is no such mail."}


async def test_what_was_kept_outlives_a_restart(box: Box) -> None:
    """In its order."""
    for subject in ("first", "second"):
        await box.send(_mail(subject))
    again = Mails(box.folder)
    assert [again.heading(mail).subject for mail in again.newest_first()] == ["second", "first"]


async def test_an_empty_mailbox_says_what_it_is_for(box: Box) -> None:
    """And looks again by itself, as the list does."""
    page = (await box.web.get("/")).text
    assert "No mail yet" in page
    assert '<meta http-equiv="refresh"' in page


async def test_a_mail_cannot_run_or_load_anything(box: Box) -> None:
    """Its HTML is delivered to a sandbox that may show it and no more; the page around it has no scripts either."""
    await box.send(_mail("hello", f"<img src='http://tracker.example.org/'>{SCRIPT}"))
    address = await box.only()
    page, frame = await box.web.get(address), await box.web.get(f"{address}/html")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>' in page.text
    assert "<script" not in page.text
    allowed = _policy(frame)
    assert set(allowed["sandbox"]) == {"allow-popups", "allow-popups-to-escape-sandbox"}
    assert (allowed["default-src"], allowed["img-src"], allowed["base-uri"]) == (["'none'"], ["data:"], ["'none'"])
    assert "script-src" not in allowed
    assert _policy(page)["default-src"] == ["'none'"]


async def test_what_a_header_says_is_only_text(box: Box) -> None:
    """No markup of a subject reaches a page, and no line of it becomes a header, however it is written."""
    subject = f'"><b>{SCRIPT}\r\nSet-Cookie: a=b'
    encoded = "=?utf-8?q?" + "".join(f"={byte:02X}" for byte in subject.encode()) + "?="
    await box.send(f"Subject: {encoded}\r\nTo: {SCRIPT}\r\n\r\nhello".encode())
    address = await box.only()
    for page in ("/", address):
        answer = await box.web.get(page)
        assert "<script" not in answer.text
        assert "&gt;&lt;b&gt;&lt;script&gt;" in answer.text
    assert (await box.messages())[0]["subject"] == " ".join(subject.split())
    assert "set-cookie" not in (await box.web.get(f"{address}/raw")).headers


async def test_a_mail_without_anything_is_listed(box: Box) -> None:
    """By whom the envelope names."""
    await box.send(b"")
    (message,) = await box.messages()
    assert (message["subject"], message["from"], message["to"]) == ("", "<me@example.org>", "you@example.org")
    for page in ("/", f"/messages/{message['id']}"):
        assert "<em>No subject</em>" in (await box.web.get(page)).text
    assert (await box.web.get(f"/messages/{message['id']}/html")).status_code == 404


async def test_a_mail_that_is_too_large_is_refused(box: Box) -> None:
    """With the answer that SMTP has for it, and nothing is kept of it."""
    too_large = _mail("large")
    too_large.set_content("0123456789\n" * 2_000)
    with pytest.raises(smtplib.SMTPException) as refusal:
        await box.send(too_large)
    assert "552" in str(refusal.value)
    assert await box.messages() == []


async def test_a_mail_that_cannot_be_kept_is_refused(box: Box) -> None:
    """For now: the sender tries again, and the alert is not lost."""
    (box.folder / "tmp").rmdir()
    with pytest.raises(smtplib.SMTPDataError) as refusal:
        await box.send(_mail("hello"))
    assert refusal.value.smtp_code == 452


@pytest.mark.parametrize(
    "path", ["/messages/%2e%2e%2f%2e%2e%2fsecret", "/messages/..%2fsecret", "/messages/x/raw", "/nothing"]
)
async def test_an_address_leads_to_a_mail_or_nowhere(box: Box, path: str) -> None:
    """Least of all to another file."""
    (box.folder.parent / "secret").write_text("secret")
    assert (await box.web.get(path)).status_code == 404


async def test_only_this_machine_is_answered(box: Box) -> None:
    """A page that gives its own name this machine's address gets nothing of the mails."""
    assert (await box.web.get("/api/messages", headers={"Host": "evil.example.org"})).status_code == 400


async def test_as_a_part_it_is_ready_when_both_ports_answer(
    free_port: Callable[[], int], tmp_path: Path, told: Told
) -> None:
    """And has made its folder by then; TERM stops it, with nothing to complain of in its log."""
    smtp_port, page_port = free_port(), free_port()
    box_part = part(smtp_port, page_port, tmp_path / "data" / "mail")
    async with Supervisor([box_part], logs=tmp_path, report=told) as supervisor:
        await supervisor.started()
        async with httpx.AsyncClient(base_url=box_part.address) as web:
            box = Box(smtp_port, web, tmp_path / "data" / "mail")
            await box.send(_mail("hello"))
            assert [message["subject"] for message in await box.messages()] == ["hello"]
    assert (tmp_path / "mailbox.log").read_text().count("\n") == 1


def test_a_port_that_is_taken_ends_it_with_one_sentence(tmp_path: Path) -> None:
    """Which names the address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "artisan.stack.mailbox",
            f"--smtp-port={port}",
            f"--maildir={tmp_path / 'mail'}",
        ]
        outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("The mailbox cannot run: ")
    assert str(port) in outcome.stderr
    assert outcome.stderr.count("\n") == 1


def _policy(answer: httpx.Response) -> dict[str, list[str]]:
    directives = (directive.split() for directive in answer.headers["content-security-policy"].split(";"))
    return {name: values for name, *values in directives}
