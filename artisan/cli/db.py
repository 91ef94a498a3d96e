"""`artisan db`: look at the database, bring it to the newest schema, and move a catalogue to another one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from backend.catalog.copying import NotEmpty, copy_catalogue, count_rows
from backend.core.config import Settings
from backend.core.errors import ArtisanError
from backend.storage import Database

db = typer.Typer(no_args_is_help=True, help="Look at the database, migrate it, copy a catalogue to another one.")

_Url = Annotated[str, typer.Option("--url", help="The database, in SQLAlchemy's form.", show_default="DATABASE_URL")]


@db.command()
def migrate(url: _Url = "") -> None:
    """Bring the database to the newest schema; the backend does the same when it starts."""
    _run(_migrate(url))


@db.command()
def status(url: _Url = "") -> None:
    """Show the schema's revision and the rows of each table; exit 1 when the schema is not the newest."""
    _run(_status(url))


@db.command()
def copy(
    source: Annotated[str, typer.Argument(help="The database to read, e.g. sqlite+aiosqlite:///artisan.db.")],
    target: Annotated[str, typer.Argument(help="The one to fill, e.g. postgresql+asyncpg://user:password@host/name.")],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Replace what the target has.")] = False,
) -> None:
    """Copy a catalogue, all of it or nothing; the source is only read."""
    _run(_copy(source, target, replace))


def _run(work: Coroutine[Any, Any, int]) -> None:
    try:
        raise typer.Exit(asyncio.run(work))
    except ArtisanError as error:
        typer.echo(error, err=True)
        raise typer.Exit(2) from None


async def _migrate(url: str) -> int:
    database = _database(url)
    try:
        await database.start()
        typer.echo(f"{database.address} is at revision {(await database.revision()).current}.")
    finally:
        await database.close()
    return 0


async def _status(url: str) -> int:
    database = _database(url)
    try:
        revision = await database.revision()
        typer.echo(f"database  {database.address}")
        newest = "the newest" if revision.is_newest else f"the newest is {revision.newest}: artisan db migrate"
        typer.echo(f"schema    {revision.current or 'none'} ({newest})")
        if revision.is_newest:
            for table, rows in (await database.read(count_rows)).items():
                typer.echo(f"{rows:>8}  {table}")
    finally:
        await database.close()
    return 0 if revision.is_newest else 1


async def _copy(source_url: str, target_url: str, replace: bool) -> int:
    source, target = Database(source_url), Database(target_url)
    try:
        if not (await source.revision()).is_newest:
            typer.echo(f"{source.address} is not at the newest schema: artisan db migrate --url …", err=True)
            return 2
        await target.start()
        for table, rows in (await copy_catalogue(source, target, replace=replace)).items():
            typer.echo(f"{rows:>8}  {table}")
        typer.echo(f"Copied to {target.address}.")
    except NotEmpty as error:
        typer.echo(f"{error}; --replace takes its place", err=True)
        return 2
    finally:
        await source.close()
        await target.close()
    return 0


def _database(url: str) -> Database:
    return Database(url or Settings.load().database_url)
