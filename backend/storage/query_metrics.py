"""Counts and times every statement from the engine's own events, so that no call site can forget.

A statement that fails or is cancelled is counted and timed like any other. The labels come from the statement's text:
the operation, and the table if it is one of ours; everything else is `other`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, event

from backend.core.monitoring import Execution, QueryRecorder

OTHER = "other"
OPERATIONS = ("select", "insert", "update", "delete")

_UNDER_WAY = "query_under_way"  # in the connection's `info`: a connection runs one statement at a time
_READ_CHARACTERS = 4000
_VERB = re.compile(r"\s*(?:with\b.*?\)\s*)?(select|insert|replace|update|delete)\b", re.IGNORECASE | re.DOTALL)
_TARGETS = {
    "select": re.compile(r"\bfrom\s+[\"`\[]?(\w+)", re.IGNORECASE),
    "insert": re.compile(r"\binto\s+[\"`\[]?(\w+)", re.IGNORECASE),
    "update": re.compile(r"\bupdate\s+(?:or\s+\w+\s+)?[\"`\[]?(\w+)", re.IGNORECASE),
    "delete": re.compile(r"\bfrom\s+[\"`\[]?(\w+)", re.IGNORECASE),
}


@lru_cache(maxsize=512)
def classify(statement: str) -> tuple[str, str]:
    """The operation and the first table that a statement names, lower case; `other` where it cannot be told."""
    text = statement[:_READ_CHARACTERS]
    verb = _VERB.match(text)
    if verb is None:
        return OTHER, OTHER
    operation = verb[1].lower().replace("replace", "insert")
    table = _TARGETS[operation].search(text, verb.start(1))
    return operation, table[1].lower() if table else OTHER


class QueryMetrics:
    """Records the statements of an engine; the label sets of `tables` exist at 0 from the start."""

    def __init__(self, engine: Engine, tables: Iterable[str]) -> None:
        self._tables = frozenset(tables)
        self._system = engine.dialect.name
        self._recorders: dict[tuple[str, str], QueryRecorder] = {}
        for table in sorted(self._tables):
            for operation in OPERATIONS:
                self._recorder(operation, table)
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)
        event.listen(engine, "handle_error", self._failed)

    def _recorder(self, operation: str, table: str) -> QueryRecorder:
        table = table if table in self._tables else OTHER
        recorder = self._recorders.get((operation, table))
        if recorder is None:
            recorder = self._recorders[operation, table] = QueryRecorder(operation, table, system=self._system)
        return recorder

    def _before(self, connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        connection.info[_UNDER_WAY] = Execution(self._recorder(*classify(statement))).__enter__()

    def _after(self, connection: Connection, *_: Any) -> None:
        self._ended(connection, None)

    def _failed(self, failure: ExceptionContext) -> None:
        if failure.connection is not None:
            self._ended(failure.connection, failure.original_exception)

    def _ended(self, connection: Connection, error: BaseException | None) -> None:
        execution: Execution | None = connection.info.pop(_UNDER_WAY, None)
        if execution is not None:  # else it failed before it was sent, e.g. while its parameters were bound
            execution.__exit__(None, error, None)
