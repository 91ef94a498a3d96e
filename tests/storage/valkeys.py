"""Servers for the cache that are set up as operators set theirs up, well or badly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

import psutil
from valkey import Valkey
from valkey.exceptions import OutOfMemoryError

from artisan.stack.valkey import find
from tests.debian import debian_program
from tests.e2e.processes import eventually, running
from tests.ports import free_port


class Server(NamedTuple):
    """One that runs, on loopback."""

    port: int
    process: psutil.Process

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def client(self, password: str = "") -> Valkey:
        """An operator's own client, which waits ten seconds at most; to be closed."""
        return Valkey(port=self.port, password=password or None, socket_timeout=10)


@contextmanager
def server(folder: Path, *, listening: str = "Ready to accept connections", **config: object) -> Iterator[Server]:
    """A Valkey that keeps nothing over a restart, with these settings (`maxmemory="8mb"`), once its log says so.

    Its files are in a folder of its own below `folder`.
    """
    port = free_port()
    home = folder / f"valkey-{port}"
    home.mkdir()
    settings = {"bind": "127.0.0.1", "port": port, "save": "", "dir": home, **config}
    with running([str(find()), *_arguments(settings)], home / "log") as process:
        eventually(lambda: listening in (home / "log").read_text(), 20, home / "log")
        yield Server(port, process)


@contextmanager
def tls_server(folder: Path, **config: object) -> Iterator[Server]:
    """A Redis of Debian's that speaks TLS alone: the Valkey of our wheel is built without."""
    libraries = ("redis-tools", "libjemalloc2", "liblzf1", "libatomic1")
    program, environment = debian_program("redis-server", "redis-server", *libraries)
    port, log = free_port(), folder / "redis.log"
    settings = {"bind": "127.0.0.1", "port": 0, "tls-port": port, "save": "", "dir": folder, **config}
    with running([program, *_arguments(settings)], log, **environment) as process:
        eventually(lambda: "Ready to accept connections" in log.read_text(), 20, log)
        yield Server(port, process)


def _arguments(config: dict[str, object]) -> list[str]:
    return [word for name, value in config.items() for word in (f"--{name.replace('_', '-')}", str(value))]


def fill(client: Valkey) -> int:
    """Write until the server takes no more; gives how many values it took."""
    for number in count():
        try:
            client.set(f"filler:{number}", bytes(65_536))
        except OutOfMemoryError:
            # A buffer that is freed later must not make room again.
            client.config_set("maxmemory", client.info("memory")["used_memory"] - 1_000_000)
            return number
    raise AssertionError  # never


def drain(client: Valkey) -> None:
    """Take away what `fill` has written."""
    client.delete(*client.scan_iter("filler:*", count=1000))
