"""How Alembic reaches the database: the connection of a running backend, or the settings for a developer."""

from __future__ import annotations

import asyncio

from alembic import context
from sqlalchemy import Connection

from backend.core.config import Settings
from backend.storage import Database
from backend.storage.schema import FULLTEXT_TABLE, metadata


def _include(name: str | None, kind: str, _parents: object) -> bool:
    """Whether autogenerate looks at an object: not at the full-text table with those that SQLite makes behind it, nor
    at the index of the vectors, which only PostgreSQL has.
    """
    if kind == "index":
        return name != "ix_record_vectors_vector"
    return not (kind == "table" and name is not None and name.startswith(FULLTEXT_TABLE))


def _run(connection: Connection) -> None:
    # The write transaction is already open and covers the changes of the schema too, which SQLite can roll back.
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_name=_include,
        transactional_ddl=True,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run_from_the_shell() -> None:
    database = Database(Settings.load().database_url)
    try:
        async with database.begin() as connection:
            await connection.run_sync(_run)
    finally:
        await database.close()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    asyncio.run(_run_from_the_shell())
