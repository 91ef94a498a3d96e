"""`artisan up`: start the whole stack and stay until Ctrl-C."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from artisan.stack.foreground import ROOT, Options, run
from artisan.stack.up import Ports


def _port(name: str, text: str = "") -> Any:
    text = text or f"Where {name} listens."
    return typer.Option(envvar=f"ARTISAN_{name.upper()}_PORT", min=1, max=65535, help=text)


def up(
    *,
    backend_port: Annotated[int, _port("backend")] = Ports.backend,
    llm_port: Annotated[int, _port("llm")] = Ports.llm,
    valkey_port: Annotated[int, _port("valkey")] = Ports.valkey,
    prometheus_port: Annotated[int, _port("prometheus")] = Ports.prometheus,
    alertmanager_port: Annotated[int, _port("alertmanager")] = Ports.alertmanager,
    mailbox_port: Annotated[int, _port("mailbox", "Where the mails can be read.")] = Ports.mailbox,
    smtp_port: Annotated[int, _port("smtp", "Where the mailbox takes mails.")] = Ports.smtp,
    state: Annotated[
        Path, typer.Option(envvar="ARTISAN_STATE", help="Folder for data, logs and fetched programs.")
    ] = ROOT / ".artisan",
    warm: Annotated[bool, typer.Option(help="Run one search and one agent run once all is ready.")] = True,
) -> None:
    """Start the backend and all parts beside it, and stay until Ctrl-C."""
    ports = Ports(backend_port, llm_port, valkey_port, prometheus_port, alertmanager_port, mailbox_port, smtp_port)
    for port, times in Counter(asdict(ports).values()).items():
        if times > 1:
            raise typer.BadParameter(f"{times} parts cannot share port {port}")
    options = Options(ports, state.resolve(), warm)
    raise typer.Exit(asyncio.run(run(options, Console(highlight=False))))
