"""Counts and times every statement from the engine's own events, so that no call site can forget.

A statement that fails or is cancelled is counted and timed like any other. The labels come from the statement's text:
the operation, and the table if it is one of ours; everything else is `other`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from time import perf_counter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, ExceptionContext, event

from backend.core.monitoring.metrics.catalogue import DB_QUERIES, DB_QUERY_DURATION
from backend.core.monitoring.metrics.instruments import Counter, Histogram

OTHER = "other"
OPERATIONS = ("select", "insert", "update", "delete")

_STARTED = "query_started"  # in the connection's `info`: a connection runs one statement at a time
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


class _Child(NamedTuple):
    """The two metrics of one label set."""

    statements: Counter[[]]
    duration: Histogram[[]]


class QueryMetrics:
    """Records the statements of an engine; the label sets of `tables` exist at 0 from the start."""

    def __init__(self, engine: Engine, tables: Iterable[str]) -> None:
        self._tables = frozenset(tables)
        self._children: dict[tuple[str, str], _Child] = {}
        for table in sorted(self._tables):
            for operation in OPERATIONS:
                self._child(operation, table)
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)
        event.listen(engine, "handle_error", self._failed)

    def _child(self, operation: str, table: str) -> _Child:
        table = table if table in self._tables else OTHER
        child = self._children.get((operation, table))
        if child is None:
            labels = {"operation": operation, "table": table}
            child = _Child(DB_QUERIES.labels(**labels), DB_QUERY_DURATION.labels(**labels))
            self._children[operation, table] = child
        return child

    def _before(self, connection: Connection, *_: Any) -> None:
        connection.info[_STARTED] = perf_counter()

    def _after(self, connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        self._record(connection, statement)

    def _failed(self, failure: ExceptionContext) -> None:
        if failure.connection is not None and failure.statement is not None:
            self._record(failure.connection, failure.statement)

    def _record(self, connection: Connection, statement: str) -> None:
        started = connection.info.pop(_STARTED, None)
        if started is None:  # it failed before it was sent, e.g. while its parameters were bound
            return
        child = self._child(*classify(statement))
        child.statements.inc()
        child.duration.observe(perf_counter() - started)
