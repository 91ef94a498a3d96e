"""Brings the database to the newest schema with Alembic, inside this process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration for `connection`, without an ini file."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", MIGRATIONS.as_posix().replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@dataclass(frozen=True, slots=True)
class Revision:
    """Where a database's schema stands."""

    current: str | None  # None for an empty database
    newest: str | None

    @property
    def is_newest(self) -> bool:
        """Whether nothing is missing."""
        return self.current == self.newest


def revision(connection: Connection) -> Revision:
    """Where the schema stands, and where this version of the code has it."""
    newest = ScriptDirectory.from_config(alembic_config(connection)).get_current_head()
    return Revision(MigrationContext.configure(connection).get_current_revision(), newest)


def upgrade(connection: Connection) -> None:
    """Run what is missing in the caller's write transaction; a process that comes second finds nothing to do."""
    command.upgrade(alembic_config(connection), "head")
