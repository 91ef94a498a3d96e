"""`artisan doctor`: say what is wrong, the worst first, with the command that mends it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from artisan.stack.foreground import ROOT

_ENV_FILE = Path(".env")


def doctor(
    *,
    env_file: Annotated[Path, typer.Option(help="Settings beside those of the environment.")] = _ENV_FILE,
    as_json: Annotated[bool, typer.Option("--json", help="For a program to read.")] = False,
    state: Annotated[
        Path, typer.Option(envvar="ARTISAN_STATE", help="Folder in which `artisan up` keeps its data.")
    ] = ROOT / ".artisan",
) -> None:
    """Say what is wrong, the worst first, with the command that mends it; changes nothing.

    Looks at settings, ports, database, cache, LLM providers, Prometheus, Alertmanager, mail, clock, disk and limits.
    Exits 0 when there is nothing worse than a warning, else 1.
    """
    if env_file != _ENV_FILE and not env_file.is_file():
        raise typer.BadParameter(f"{env_file}: there is no such file", param_hint="--env-file")
    raise typer.Exit(asyncio.run(_visit(env_file, state.resolve(), Console(highlight=False), as_json=as_json)))


async def _visit(env_file: Path, state: Path, console: Console, *, as_json: bool) -> int:
    with console.status("Looking at everything …"):  # on a terminal
        # The parts of the backend take seconds to import, which the other commands have no use for.
        from artisan import doctor as doctors  # noqa: PLC0415
        from backend.core.config import adopt_otel_variables  # noqa: PLC0415
        from backend.core.monitoring import configure_logging  # noqa: PLC0415

        configure_logging(production=True, level="CRITICAL")  # what the parts have to say is in the findings
        adopt_otel_variables(env_file)
        async with doctors.admitted(env_file, state, os.environ) as patient:
            diagnosis = await doctors.examine(patient, doctors.CHECKS)
    if as_json:
        typer.echo(doctors.as_json(diagnosis))
    else:
        doctors.show(diagnosis, console)
    return diagnosis.exit_status
