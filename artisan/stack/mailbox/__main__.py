"""`python -m artisan.stack.mailbox`: one process that takes mails and shows them, until TERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

import uvicorn

from artisan.stack.mailbox.mails import Mails
from artisan.stack.mailbox.pages import application
from artisan.stack.mailbox.receiving import Keeping, listen
from artisan.stack.ports import LOOPBACK


async def serve(smtp_port: int, page_port: int, maildir: Path) -> None:
    """Serve until a signal. Raises OSError when the SMTP port or the folder cannot be used."""
    mails = Mails(maildir)
    async with await listen(Keeping(mails), smtp_port):
        print(f"mails come in on port {smtp_port} and are shown on port {page_port}", flush=True)
        config = uvicorn.Config(application(mails), LOOPBACK, page_port, log_level="warning", server_header=False)
        await uvicorn.Server(config).serve()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m artisan.stack.mailbox", description="A mailbox for this machine.")
    parser.add_argument("--smtp-port", type=int, default=1025)
    parser.add_argument("--page-port", type=int, default=8025)
    parser.add_argument("--maildir", type=Path, required=True)
    options = parser.parse_args()
    try:
        asyncio.run(serve(options.smtp_port, options.page_port, options.maildir))
    except OSError as error:
        sys.exit(f"The mailbox cannot run: {error}")


if __name__ == "__main__":
    main()
