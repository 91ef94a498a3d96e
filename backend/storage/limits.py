"""How much of the database one process may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Connections and seconds."""

    pool_size: int = 10  # connections, of each worker
    pool_seconds: float = 5.0  # how long one waits for a connection
    statement_seconds: float = 10.0  # for a statement that reads; PostgreSQL gives it up then
