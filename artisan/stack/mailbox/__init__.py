"""A mail server for this machine: it delivers nothing, keeps every mail, and shows it in a browser.

part            the mailbox as a part of a stack
__main__.py     its process, `python -m artisan.stack.mailbox`
receiving.py    mails come in by SMTP
mails.py        they are kept in a Maildir, the newest of them
reading.py      a mail as text, whatever is in it
pages.py        a list, a mail, JSON for scripts; their HTML is in templates.py
"""

from __future__ import annotations

import sys
from pathlib import Path

from artisan.stack.part import Part
from artisan.stack.probe import every, http, smtp


def part(smtp_port: int, page_port: int, maildir: Path) -> Part:
    """Ready once mails can come in and can be read."""
    ports = ("--smtp-port", str(smtp_port), "--page-port", str(page_port))
    return Part(
        name="mailbox",
        argv=(sys.executable, "-m", "artisan.stack.mailbox", *ports, "--maildir", str(maildir)),
        env={"PYTHONUNBUFFERED": "1"},
        ready=every(smtp(smtp_port), http(page_port, "/api/messages")),
        address=f"http://localhost:{page_port}",
        way_out="alerts are shown on Prometheus' pages and mailed to nobody until it runs",
        stop_grace=2.0,
    )
