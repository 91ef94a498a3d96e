"""The database is looked at in every state that it can be in, and is in the same state afterwards."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from artisan.doctor import Harm
from backend.storage import Database
from backend.storage.migrate import MIGRATIONS
from tests.ports import free_port
from tests.postgres import Postgres

from .conftest import Look, LookElsewhere, only


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is to be."""
    return tmp_path / "data" / "artisan.db"


def url(path: Path) -> str:
    return URL.create("sqlite+aiosqlite", database=str(path)).render_as_string()


async def made(path: Path, *statements: str) -> Path:
    """A database of this version, with which somebody has done something."""
    database = Database(url(path))
    await database.start()
    await database.close()
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return path


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in folder.rglob("*")}


def written(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text)


async def test_one_that_is_not_there_yet_is_fine_and_is_not_made(look: Look, path: Path, tmp_path: Path) -> None:
    """The first start makes it, with its folder."""
    assert (await look("database", DATABASE_URL=url(path))).findings == ()
    assert snapshot(tmp_path) == {}


async def test_one_of_this_version_is_fine(look: Look, path: Path) -> None:
    """And no file beside it is made or changed, although reading a write-ahead log commonly makes two."""
    await made(path)
    before = snapshot(path.parent)
    assert (await look("database", DATABASE_URL=url(path))).findings == ()
    assert snapshot(path.parent) == before


async def test_a_path_may_hold_any_sign(look: Look, tmp_path: Path) -> None:
    """Also those that mean something in an address; it is this file that is read, and no other."""
    path = await made(tmp_path / "a b%41#c" / "artisan.db", "UPDATE alembic_version SET version_num = '9999'")
    assert "newer" in only(await look("database", DATABASE_URL=url(path))).what


async def test_one_in_use_is_fine(look: Look, path: Path) -> None:
    """What the service has written is seen, and it can go on."""
    database = Database(url(path))
    await database.start()
    assert (await look("database", DATABASE_URL=url(path))).findings == ()
    await database.ping()
    await database.close()


async def test_one_without_tables_is_noted(look: Look, path: Path) -> None:
    """The first start fills it."""
    written(path, "")
    finding = only(await look("database", DATABASE_URL=url(path)))
    assert (finding.harm, finding.what) == (Harm.NOTE, "The database has no tables yet.")


async def test_a_newer_one_is_critical(look: Look, path: Path) -> None:
    """The service would not start on it."""
    await made(path, "UPDATE alembic_version SET version_num = '9999'")
    finding = only(await look("database", DATABASE_URL=url(path)))
    assert finding.harm is Harm.CRITICAL
    assert "newer than this version: it is at 9999" in finding.what


async def test_an_older_one_is_told(look: Look, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next start migrates it: worth a copy, where people depend on it."""
    await made(path)
    newer = tmp_path / "migrations"
    _with_one_more_migration(newer)
    monkeypatch.setattr("backend.storage.migrate.MIGRATIONS", newer)
    for environment, harm in (("development", Harm.NOTE), ("production", Harm.WARNING)):
        finding = only(await look("database", DATABASE_URL=url(path), ENVIRONMENT=environment))
        assert finding.harm is harm
        assert "is behind" in finding.what
        assert "0002_more" in finding.what


async def test_a_file_that_is_no_database_is_critical(look: Look, path: Path) -> None:
    """SQLite's own words say so."""
    written(path, "This is a letter." * 100)
    finding = only(await look("database", DATABASE_URL=url(path)))
    assert (finding.harm, finding.mend) == (Harm.CRITICAL, f"mv {path} {path}.broken")
    assert "file is not a database" in finding.what


async def test_a_folder_that_cannot_be_is_critical(look: Look, path: Path) -> None:
    """Because a file is in its place; that binds root, too."""
    path.parent.write_text("")
    finding = only(await look("database", DATABASE_URL=url(path)))
    assert finding.harm is Harm.CRITICAL
    assert f"because {path.parent} is a file" in finding.what


async def test_a_folder_that_cannot_be_written_is_critical(path: Path, look_elsewhere: LookElsewhere) -> None:
    """On a file system that is mounted read-only, where permissions look as ever."""
    folder = (await made(path)).parent
    mounting = f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}"
    finding = only(look_elsewhere("database", mounting, DATABASE_URL=url(path)))
    assert finding.harm is Harm.CRITICAL
    assert f"{folder} cannot be written" in finding.what


async def test_a_server_that_is_away_is_critical(look: Look) -> None:
    """Without its password."""
    address = f"127.0.0.1:{free_port()}"
    finding = only(await look("database", DATABASE_URL=f"postgresql+asyncpg://artisan:hunter22@{address}/artisan"))
    assert finding.harm is Harm.CRITICAL
    assert finding.what.startswith(
        f"The database at postgresql+asyncpg://artisan:***@{address}/artisan cannot be used:"
    )
    assert finding.mend.startswith("pg_isready -h 127.0.0.1 -p ")
    assert "hunter22" not in str(finding)


async def test_a_server_is_looked_at_like_a_file(look: Look, postgres_server: Postgres) -> None:
    """Its schema, and its own words for what it refuses."""
    address = postgres_server.fresh_database()
    empty = only(await look("database", DATABASE_URL=address))
    assert (empty.harm, empty.what) == (Harm.NOTE, "The database has no tables yet.")
    database = Database(address)
    await database.start()
    assert (await look("database", DATABASE_URL=address)).findings == ()
    async with database.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await database.close()
    assert "newer than this version" in only(await look("database", DATABASE_URL=address)).what
    wrong = address.replace(f":{postgres_server.password}@", ":not-the-one@")
    refused = only(await look("database", DATABASE_URL=wrong))
    assert refused.harm is Harm.CRITICAL
    assert "password authentication failed" in refused.what
    assert "not-the-one" not in str(refused)


def _with_one_more_migration(folder: Path) -> None:
    """The repository's, and one that a later version has."""
    (folder / "versions").mkdir(parents=True)
    for file in ("env.py", "script.py.mako"):
        (folder / file).write_text((MIGRATIONS / file).read_text())
    last = ""
    for file in sorted((MIGRATIONS / "versions").glob("*.py")):
        (folder / "versions" / file.name).write_text(file.read_text())
        last = next(line for line in file.read_text().splitlines() if line.startswith("revision"))
    more = f"{last.replace('revision', 'down_revision', 1)}\nrevision = '0002_more'\ndef upgrade(): ...\n"
    (folder / "versions" / "9999_more.py").write_text(more)
