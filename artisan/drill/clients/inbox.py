"""The mails that have arrived in the mailbox, read over its HTTP API."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from artisan.drill.clients import web


@dataclass(frozen=True)
class Mail:
    """A mail; the time is Unix time in seconds, when the mailbox had all of it."""

    id: str
    received_at: float
    subject: str

    def tells(self, status: str, alert: str) -> bool:
        """Whether its subject says that this alert is FIRING or RESOLVED, in Alertmanager's own words or in ours."""
        return self.subject.startswith(f"[{status}") and re.search(rf"\b{re.escape(alert)}\b", self.subject) is not None


class Inbox:
    """The mailbox of the rehearsal."""

    def __init__(self, address: str) -> None:
        self.url = f"http://{address}"

    async def mails(self, since: float = 0.0) -> list[Mail]:
        """Those received since then, oldest first. Raises web.NoAnswer."""
        listed = (await web.get_json(f"{self.url}/api/messages"))["messages"]
        found = [
            Mail(each["id"], datetime.fromisoformat(each["received"]).timestamp(), each["subject"]) for each in listed
        ]
        return [mail for mail in reversed(found) if mail.received_at >= since]

    async def first(self, status: str, alert: str, since: float) -> Mail | None:
        """The first mail that tells of it."""
        return next((mail for mail in await self.mails(since) if mail.tells(status, alert)), None)

    async def text(self, mail: Mail) -> str:
        """What it says."""
        return str((await web.get_json(f"{self.url}/api/messages/{mail.id}"))["text"] or "")
