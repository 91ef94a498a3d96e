"""What `artisan db` does: looks at a database, migrates it, copies a catalogue to another one."""

from __future__ import annotations

import typer

from backend.catalog.copying import NotEmpty, copy_catalogue, count_rows
from backend.core.config import Settings
from backend.storage import Database


async def migrate(url: str) -> int:
    """Bring the database at `url` (empty: that of the settings) to the newest schema; returns the exit status.

    Raises ConfigError when it cannot be used.
    """
    database = _database(url)
    try:
        await database.start()
        typer.echo(f"{database.address} is at revision {(await database.revision()).current}.")
    finally:
        await database.close()
    return 0


async def status(url: str) -> int:
    """Show the revision of its schema and the rows of each table."""
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


async def copy(source_url: str, target_url: str, *, replace: bool) -> int:
    """Copy a catalogue, all of it or nothing."""
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
