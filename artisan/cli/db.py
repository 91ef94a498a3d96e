"""`artisan db`: look at the database, bring it to the newest schema, and move a catalogue to another one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from backend.core.errors import ArtisanError

db = typer.Typer(no_args_is_help=True, help="Look at the database, migrate it, copy a catalogue to another one.")

_Url = Annotated[str, typer.Option("--url", help="The database, in SQLAlchemy's form.", show_default="DATABASE_URL")]


@db.command()
def migrate(url: _Url = "") -> None:
    """Bring the database to the newest schema; the backend does the same when it starts."""
    from artisan import database  # noqa: PLC0415  a second, so only where it is needed

    _run(database.migrate(url))


@db.command()
def status(url: _Url = "") -> None:
    """Show the schema's revision and the rows of each table; exit 1 when the schema is not the newest."""
    from artisan import database  # noqa: PLC0415

    _run(database.status(url))


@db.command()
def copy(
    source: Annotated[str, typer.Argument(help="The database to read, e.g. sqlite+aiosqlite:///artisan.db.")],
    target: Annotated[str, typer.Argument(help="The one to fill, e.g. postgresql+asyncpg://user:password@host/name.")],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Replace what the target has.")] = False,
) -> None:
    """Copy a catalogue, all of it or nothing; the source is only read."""
    from artisan import database  # noqa: PLC0415

    _run(database.copy(source, target, replace=replace))


def _run(work: Coroutine[Any, Any, int]) -> None:
    try:
        raise typer.Exit(asyncio.run(work))
    except ArtisanError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from None
