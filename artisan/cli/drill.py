"""`artisan drill`: inject real faults and wait for the real mails."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from artisan.drill.coverage import MONITORING
from artisan.drill.foreground import COULD_NOT_RUN, Options, run
from artisan.drill.stack.deafness import Deafness
from artisan.drill.stack.spec import ROOT


def drill(
    alerts: Annotated[list[str] | None, typer.Argument(help="The alerts to rehearse.", metavar="[ALERT]...")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Rehearse all of them.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="Show which alert has which drill, and stop.")] = False,
    factor: Annotated[float, typer.Option(min=5, max=30, help="By what time in rules is divided.")] = 20.0,
    report: Annotated[Path | None, typer.Option(help="Folder for drill.md, drill.json and drill.svg.")] = None,
    monitoring: Annotated[Path, typer.Option(help="Folder with prometheus.yml, alertmanager.yml, rules.")] = MONITORING,
    state: Annotated[
        Path, typer.Option(envvar="ARTISAN_STATE", help="Folder in which `artisan up` keeps fetched programs.")
    ] = ROOT / ".artisan",
    sabotage: Annotated[
        Deafness | None, typer.Option(help="Make the alerts deaf first, to see the drill fail.")
    ] = None,
    keep: Annotated[bool, typer.Option(help="Keep the stack's logs and data.")] = False,
) -> None:
    """Rehearse alarms: inject the real fault, wait for the real mail.

    Exits 0 when every alert was heard, 1 when one was not, 2 when the rehearsal could not run.
    """
    if bool(alerts) == every and not listed:
        typer.echo("Name the alerts to rehearse, or --all of them; --list shows what there is.")
        raise typer.Exit(COULD_NOT_RUN)
    options = Options(
        alerts=tuple(alerts or ()),
        monitoring=monitoring.resolve(),
        state=state.resolve(),
        factor=factor,
        report=report,
        deaf=sabotage,
        keep=keep,
        list_only=listed,
    )
    raise typer.Exit(asyncio.run(run(options, Console(highlight=False))))
