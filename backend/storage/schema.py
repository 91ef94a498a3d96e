"""The tables, as SQLAlchemy Core sees them.

`migrations/` creates them; a test holds the two together. The full-text table is not here: SQLite's is a virtual one,
which SQLAlchemy cannot describe, and PostgreSQL's has other columns (`backend.catalog.fulltext`).
"""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

from .embedding_type import Embedding

FULLTEXT_TABLE = "records_fts"
DIMENSIONS = 256  # of an embedding

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# The catalogue: one row for each craft, supplier, fair and institution.
records = Table(
    "records",
    metadata,
    Column("key", String(120), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("name", Text, nullable=False),
    Column("craft", String(60), nullable=False),
    Column("materials", JSON, nullable=False),
    Column("place", Text, nullable=False),
    Column("district", Text, nullable=False),
    Column("state", String(60), nullable=False),
    Column("months", JSON, nullable=False),
    Column("gi_year", Integer),
    Column("gi_application", String(40)),
    Column("description", Text, nullable=False),
    Column("website", Text),
    Column("sources", JSON, nullable=False),
    Index(None, "kind"),
)

# One embedding for each record.
record_vectors = Table(
    "record_vectors",
    metadata,
    Column("key", ForeignKey(records.c.key, ondelete="CASCADE"), primary_key=True),
    Column("vector", Embedding(DIMENSIONS), nullable=False),
)

# What was loaded into the tables above, so that a start with the same data changes nothing.
seeds = Table(
    "seeds",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("content_hash", String(64), nullable=False),
)
