"""A column of embeddings: bytes in SQLite, pgvector's type in PostgreSQL, a NumPy array in Python."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pgvector.sqlalchemy import VECTOR
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator, TypeEngine

_STORED = np.dtype("<f4")  # little-endian on every machine


class Embedding(TypeDecorator[NDArray[np.float32]]):
    """Values have the shape (dimensions,) and the type float32."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.dimensions = dimensions

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """What the column is in that database."""
        kind = VECTOR(self.dimensions) if dialect.name == "postgresql" else LargeBinary()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: NDArray[np.float32] | None, dialect: Dialect) -> Any:
        """What the driver is given."""
        if value is None or dialect.name == "postgresql":
            return value
        return value.astype(_STORED).tobytes()

    def process_result_value(self, value: Any, dialect: Dialect) -> NDArray[np.float32] | None:
        """What the driver gave."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            return np.asarray(value, dtype=np.float32)
        return np.frombuffer(value, dtype=_STORED).astype(np.float32)
