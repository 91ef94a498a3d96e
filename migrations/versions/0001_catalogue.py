"""The catalogue: records, their vectors, their full-text index, and what was seeded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from pgvector.sqlalchemy import VECTOR
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        # Where it is there already, nobody needs the right to make it.
        op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.create_table(
        "records",
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("craft", sa.String(60), nullable=False),
        sa.Column("materials", sa.JSON, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("district", sa.Text, nullable=False),
        sa.Column("state", sa.String(60), nullable=False),
        sa.Column("months", sa.JSON, nullable=False),
        sa.Column("gi_year", sa.Integer),
        sa.Column("gi_application", sa.String(40)),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("website", sa.Text),
        sa.Column("sources", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_records"),
    )
    op.create_index("ix_records_kind", "records", ["kind"])
    op.create_table(
        "record_vectors",
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("vector", VECTOR(256) if postgresql else sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["records.key"], name="fk_record_vectors_key", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_record_vectors"),
    )
    op.create_table(
        "seeds",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("content_hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_seeds"),
    )
    _index_for_postgresql() if postgresql else _index_for_sqlite()


def _index_for_sqlite() -> None:
    # `porter` folds English endings (looms, loom), `remove_diacritics 2` folds accents.
    op.execute(
        "CREATE VIRTUAL TABLE records_fts USING fts5("
        "key UNINDEXED, name, craft, materials, place, description, "
        "tokenize = 'porter unicode61 remove_diacritics 2')"
    )


def _index_for_postgresql() -> None:
    # The usual configuration drops English stop words; a query's words are chosen by the catalogue.
    op.execute("CREATE TEXT SEARCH DICTIONARY artisan_stem (TEMPLATE = snowball, LANGUAGE = english)")
    op.execute("CREATE TEXT SEARCH CONFIGURATION artisan (COPY = english)")
    op.execute("ALTER TEXT SEARCH CONFIGURATION artisan ALTER MAPPING REPLACE english_stem WITH artisan_stem")
    op.create_table(
        "records_fts",
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("document", TSVECTOR, nullable=False),
        sa.ForeignKeyConstraint(["key"], ["records.key"], name="fk_records_fts_key", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name="pk_records_fts"),
    )
    op.create_index("ix_records_fts_document", "records_fts", ["document"], postgresql_using="gin")
    op.create_index(
        "ix_record_vectors_vector",
        "record_vectors",
        ["vector"],
        postgresql_using="hnsw",
        postgresql_ops={"vector": "vector_cosine_ops"},
    )


def downgrade() -> None:
    op.drop_table("records_fts")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TEXT SEARCH CONFIGURATION artisan")
        op.execute("DROP TEXT SEARCH DICTIONARY artisan_stem")
    op.drop_table("seeds")
    op.drop_table("record_vectors")
    op.drop_index("ix_records_kind", "records")
    op.drop_table("records")
