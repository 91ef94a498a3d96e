"""The catalogue: what the API and the tools ask."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import RowMapping, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.storage import Database, ReadThrough
from backend.storage.schema import records as records_table

from .answer import compose_answer
from .embedding import MODEL, Embedder, Vectors
from .records import Record
from .results import Hit, SearchResult
from .search import HybridSearch
from .seed import DATA_FILE, seed
from .understanding import Understanding, understand
from .vectors import count_vectors, open_vectors
from .vocabulary import Vocabulary
from .words import encodable, fold

_SEARCH_TTL_SECONDS = 600
_EMBEDDING_TTL_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class _Required:
    """What a caller asked for expressly, in the catalogue's own names."""

    kind: str | None
    state: str | None
    limit: int


class Catalogue:
    """Crafts, suppliers, fairs and institutions, searchable. `start()` seeds the database and reads it into memory."""

    vocabulary: Vocabulary  # these two are there once `start()` is done
    _search: HybridSearch

    def __init__(
        self,
        database: Database,
        *,
        search_cache: ReadThrough,
        embedding_cache: ReadThrough,
        data_file: Path = DATA_FILE,
    ) -> None:
        self._database = database
        self._search_cache = search_cache
        self._embedding_cache = embedding_cache
        self._data_file = data_file
        self._embedder = Embedder()
        self._records: dict[str, Record] = {}
        self._hash = ""

    async def start(self) -> None:
        """Seed what is not there yet and load the rest; the database must be started."""
        content = await asyncio.to_thread(self._data_file.read_bytes)
        await self._embedder.load()
        self._hash = await seed(self._database, self._embedder, content)
        records = await self._database.read(_load_records)
        self._records = {record.key: record for record in records}
        self.vocabulary = Vocabulary.of(records)
        vectors = await open_vectors(self._database, [record.key for record in records])
        self._search = HybridSearch(self._database, records, vectors)

    def understand(self, query: str) -> Understanding:
        """What `query` asks for, by rules (under a millisecond)."""
        return understand(query, self.vocabulary)

    async def search(
        self,
        query: str,
        *,
        kind: str | None = None,
        state: str | None = None,
        limit: int = 10,
        understanding: Understanding | None = None,
    ) -> SearchResult:
        """The best `limit` records for `query`, with a short answer.

        `kind` and `state` (by any of their names) exclude everything else. `understanding` replaces the one by rules.
        """
        asked = understanding or self.understand(query)
        required = _Required(self.vocabulary.kind(kind or ""), self.vocabulary.state(state or ""), limit)
        if (kind is not None and required.kind is None) or (state is not None and required.state is None):
            return SearchResult(query, asked, (), (), compose_answer(asked, ()))
        asked = replace(asked, kind=required.kind or asked.kind, state=required.state or asked.state)

        async def compute() -> dict[str, Any]:
            return await self._rank(query, asked, required)

        found = await self._search_cache.get(self._key(fold(query), asked, required), compute, _SEARCH_TTL_SECONDS)
        hits = tuple(Hit(self._records[key], score, tuple(matched)) for key, score, matched in found["hits"])
        return SearchResult(query, asked, hits, tuple(found["relaxed"]), found["answer"])

    async def _rank(self, query: str, asked: Understanding, required: _Required) -> dict[str, Any]:
        vector = await self._embed(asked.text)
        ranking = await self._search.rank(
            query, asked, vector, kind=required.kind, state=required.state, limit=required.limit
        )
        return {
            "hits": [[hit.record.key, hit.score, list(hit.matched)] for hit in ranking.hits],
            "relaxed": list(ranking.relaxed),
            "answer": compose_answer(asked, ranking.hits, ranking.relaxed),
        }

    async def _embed(self, text: str) -> Vectors:
        async def compute() -> list[float]:
            vector: list[float] = (await self._embedder.embed([text]))[0].tolist()
            return vector

        values = await self._embedding_cache.get(self._key(MODEL, text), compute, _EMBEDDING_TTL_SECONDS)
        return np.asarray(values, dtype=np.float32)

    def _key(self, *parts: object) -> str:
        """A cache key that another version of the data or the code cannot share."""
        return hashlib.blake2b(repr((self._hash, *parts)).encode(), digest_size=20).hexdigest()

    async def lookup(self, key: str) -> Record | None:
        """The record with this key, or None."""
        query = select(records_table).where(records_table.c.key == encodable(key))
        rows = await self._rows(query)
        return Record.from_row(rows[0]) if rows else None

    async def fairs(self, month: str, *, state: str | None = None) -> list[Record]:
        """The fairs usually held in `month`, those of fewest months first; [] for a month or state that is none."""
        named_month = self.vocabulary.month(month)
        named_state = self.vocabulary.state(state) if state is not None else None
        if named_month is None or (state is not None and named_state is None):
            return []
        query = select(records_table).where(records_table.c.kind == "fair")
        if named_state is not None:
            query = query.where(records_table.c.state == named_state)
        fairs = [fair for row in await self._rows(query) if named_month in (fair := Record.from_row(row)).months]
        return sorted(fairs, key=lambda fair: (len(fair.months), fair.name))

    async def ping_vectors(self) -> int:
        """The number of stored vectors; raises when the store cannot answer."""
        return await self._database.read(count_vectors)

    async def _rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        async def ask(connection: AsyncConnection) -> Sequence[RowMapping]:
            rows: Sequence[RowMapping] = (await connection.execute(query)).mappings().all()
            return rows

        return await self._database.read(ask)


async def _load_records(connection: AsyncConnection) -> tuple[Record, ...]:
    rows = (await connection.execute(select(records_table).order_by(records_table.c.key))).mappings().all()
    return tuple(Record.from_row(row) for row in rows)
