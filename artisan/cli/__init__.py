"""The `artisan` command: one file for each subcommand, named like it, with a function named like it.

A new subcommand is a new file and one line below.
"""

from __future__ import annotations

import typer

from artisan.cli.db import db
from artisan.cli.doctor import doctor
from artisan.cli.drill import drill
from artisan.cli.lint import lint
from artisan.cli.slo import slo
from artisan.cli.up import up

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
app.add_typer(db, name="db")
app.command()(doctor)
app.command()(drill)
app.command()(lint)
app.command()(slo)
app.command()(up)


@app.callback()
def artisan() -> None:
    """The operator's tools of Artisan Hub."""


def main() -> None:
    """The console script."""
    app()
