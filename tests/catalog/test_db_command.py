"""`artisan db`: what it shows, what it changes, and that a catalogue moves between databases unharmed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url
from typer.testing import CliRunner

from artisan.cli import app
from backend.catalog import Catalogue, SearchResult
from backend.storage import Database, MemoryCache, ReadThrough
from tests.postgres import Postgres

QUERIES = ("cotton yarn near Delhi", "fairs in November", "palm leaf things of the coast", "who certifies silk?")


def artisan(*arguments: str) -> tuple[int, str]:
    """The exit status and everything that was printed."""
    result = CliRunner().invoke(app, ["db", *arguments])
    return result.exit_code, result.output


def answers(url: str) -> list[SearchResult]:
    """What a service finds that is started on the database; it seeds one that is empty."""

    async def ask() -> list[SearchResult]:
        database, cache = Database(url), MemoryCache()
        await database.start()
        catalogue = Catalogue(database, search_cache=ReadThrough(cache, "s"), embedding_cache=ReadThrough(cache, "e"))
        await catalogue.start()
        found = [await catalogue.search(query) for query in QUERIES]
        await database.close()
        return found

    return asyncio.run(ask())


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a file that is not there."""
    return f"sqlite+aiosqlite:///{tmp_path / 'artisan.db'}"


def test_an_empty_database_is_migrated_once(database_url: str) -> None:
    """The status says what is missing and how to mend it, and afterwards that nothing is."""
    if database_url.startswith("sqlite"):
        folder = Path(str(make_url(database_url).database)).parent
        folder.mkdir()
        (folder / "artisan.db").touch()
    code, said = artisan("status", "--url", database_url)
    assert code == 1
    assert "schema    none (the newest is 0001: artisan db migrate)" in said
    for _ in range(2):
        code, said = artisan("migrate", "--url", database_url)
        assert (code, "is at revision 0001." in said) == (0, True)
    code, said = artisan("status", "--url", database_url)
    assert code == 0
    assert "schema    0001 (the newest)" in said
    assert "       0  records" in said


def test_looking_at_a_file_that_is_not_there_makes_none(sqlite_url: str, tmp_path: Path) -> None:
    """Who only looks changes nothing."""
    code, said = artisan("status", "--url", sqlite_url)
    assert (code, "artisan.db does not exist" in said) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_the_setting_is_the_database_unless_told_otherwise(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """DATABASE_URL is read as the backend reads it."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert artisan("migrate")[0] == 0
    assert "0001 (the newest)" in artisan("status")[1]


def test_a_password_is_not_shown(postgres_server: Postgres) -> None:
    """What is printed may be pasted into a ticket."""
    url = postgres_server.fresh_database()
    said = artisan("migrate", "--url", url)[1] + artisan("status", "--url", url)[1]
    assert ":***@127.0.0.1" in said
    assert postgres_server.password not in said


def test_a_catalogue_moves_from_sqlite_to_postgresql_and_back(
    sqlite_url: str, postgres_server: Postgres, tmp_path: Path, rise: Any
) -> None:
    """Every row arrives, a service starts on the copy without seeding, and after the way back all is as it was."""
    before, there = answers(sqlite_url), postgres_server.fresh_database()
    back = f"sqlite+aiosqlite:///{tmp_path / 'back.db'}"
    code, said = artisan("copy", sqlite_url, there)
    assert code == 0, said
    assert "     303  records" in said
    assert (
        artisan("status", "--url", there)[1].splitlines()[2:]
        == artisan("status", "--url", sqlite_url)[1].splitlines()[2:]
    )
    seeding = rise("db_queries_total", operation="insert", table="records")
    assert [bool(result.hits) for result in answers(there)] == [True] * len(QUERIES)
    assert seeding() == 0
    assert artisan("copy", there, back)[0] == 0
    assert answers(back) == before


def test_a_full_database_is_replaced_only_when_told_to(sqlite_url: str, new_database_url: Callable[[], str]) -> None:
    """What is there stays, unless it is said expressly that it goes."""
    answers(sqlite_url)
    there = new_database_url()
    assert artisan("copy", sqlite_url, there)[0] == 0
    code, said = artisan("copy", sqlite_url, there)
    assert (code, "has a catalogue already; --replace takes its place" in said) == (2, True)
    assert artisan("copy", sqlite_url, there, "--replace")[0] == 0


def test_a_source_that_is_not_there_or_old_is_refused(sqlite_url: str, database_url: str, tmp_path: Path) -> None:
    """A copy of nothing would be worse than none."""
    code, said = artisan("copy", sqlite_url, database_url)
    assert (code, "does not exist" in said) == (2, True)
    (tmp_path / "artisan.db").touch()
    code, said = artisan("copy", sqlite_url, database_url)
    assert (code, "is not at the newest schema" in said) == (2, True)
