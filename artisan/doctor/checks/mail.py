"""mail: do the mail servers of the receivers answer, and offer what Alertmanager wants of them. No mail is sent."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator
from typing import NamedTuple

import yaml

from artisan.doctor.asking import alertmanager_says
from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Harm, Skipped
from artisan.doctor.mail_servers import emails, host_of, port_of
from artisan.doctor.patient import ANSWER_SECONDS, Patient

_LOST = "Alarms by mail are lost on the last step."
_TLS_FROM_THE_START = 465


class Server(NamedTuple):
    """One that mails go through, and what they want of it."""

    host: str
    port: int
    with_tls: bool
    with_login: bool

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


async def examine(patient: Patient) -> AsyncIterator[Finding]:
    """All servers at once: greeting, EHLO, STARTTLS where it is required, and whether they take a login."""
    config = yaml.safe_load((await alertmanager_says(patient, "status"))["config"]["original"]) or {}
    servers = {
        Server(
            host_of(email["smarthost"]),
            port_of(email["smarthost"]),
            bool(email["require_tls"]),
            bool(email["auth_username"]),
        )
        for email in emails(config)
    }
    if not servers:
        raise Skipped("Alertmanager sends no mails")
    for what, server in await asyncio.gather(*(asyncio.to_thread(_visit, server) for server in sorted(servers))):
        if what:
            command = (
                f"openssl s_client -connect {server} -starttls smtp" if server.with_tls else f"nc -v {server.host}"
            )
            mend = command if server.with_tls else f"{command} {server.port}"
            yield Finding(Harm.ERROR, f"The mail server {server} {what}.", _LOST, mend)


CHECK = Check("mail", examine, needs=("alertmanager_url",))


def _visit(server: Server) -> tuple[str, Server]:
    """What is wrong with it, as a clause, or nothing. Blocks for the time limit of each step."""
    try:
        return _complaint(server), server
    except TimeoutError:
        return f"does not answer within {ANSWER_SECONDS:g} s", server
    except ssl.SSLCertVerificationError as error:
        return f"has a certificate that is not trusted: {error.verify_message}", server
    except (OSError, smtplib.SMTPException) as error:
        return f"cannot be used: {getattr(error, 'strerror', None) or error or type(error).__name__}", server


def _complaint(server: Server) -> str:
    context = ssl.create_default_context()
    if server.port == _TLS_FROM_THE_START:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=ANSWER_SECONDS, context=context)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=ANSWER_SECONDS)
    with connection:
        connection.ehlo_or_helo_if_needed()
        if server.with_tls and server.port != _TLS_FROM_THE_START:
            if not connection.has_extn("starttls"):
                return "offers no STARTTLS, without which Alertmanager sends nothing (require_tls)"
            connection.starttls(context=context)
            connection.ehlo()
        if server.with_login and not connection.has_extn("auth"):
            return "takes no login, and Alertmanager has one (auth_username)"
    return ""
