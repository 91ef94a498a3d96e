"""Mails come in by SMTP, without login and without encryption: only this machine can reach the port."""

from __future__ import annotations

import asyncio

from aiosmtpd.smtp import SMTP, Envelope, Session

from artisan.stack.mailbox.mails import Mails
from artisan.stack.ports import LOOPBACK

LARGEST = 1024 * 1024
"""The largest mail that is taken, in bytes."""


class Keeping:
    """An aiosmtpd handler that keeps what it is given."""

    def __init__(self, mails: Mails) -> None:
        self._mails = mails

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """The answer to a whole mail. Headers that every mail server adds tell whom the sender meant."""
        content = envelope.original_content or b""
        trace = f"Return-Path: <{envelope.mail_from}>\r\nDelivered-To: {', '.join(envelope.rcpt_tos)}\r\n"
        try:
            kept = self._mails.add(trace.encode("utf-8", "replace") + content)
        except OSError as error:
            return f"452 the mail could not be kept: {error.strerror}"
        return f"250 kept as {kept}"


async def listen(handler: object, port: int, largest: int = LARGEST) -> asyncio.Server:
    """An SMTP server on loopback for any handler of aiosmtpd. Raises OSError when the port is taken."""
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        # The host's name is given, because it would be asked of the name server for each connection.
        return SMTP(handler, data_size_limit=largest, hostname="localhost", ident="Artisan Hub mailbox", loop=loop)

    return await loop.create_server(session, LOOPBACK, port)
