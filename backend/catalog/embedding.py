"""Text as vectors: a static model of 19 MB that comes inside the `wordllama` package, so nothing is fetched."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.storage.schema import DIMENSIONS

from .words import MAX_CHARACTERS, encodable

Vectors = NDArray[np.float32]

MODEL = "wordllama-l2_supercat-256"


class Embedder:
    """Loads the model at the first use, off the event loop (about 0.5 s); then a query takes 0.05 ms."""

    def __init__(self) -> None:
        self._model: Any = None
        self._loading = asyncio.Lock()

    async def load(self) -> None:
        """Make the model ready; may be repeated."""
        async with self._loading:
            if self._model is None:
                self._model = await asyncio.to_thread(_load)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of `texts`, shape (len(texts), DIMENSIONS); a row of zeros for a text without meaning."""
        await self.load()
        if len(texts) == 1:  # quicker than a thread
            return self._embed(texts)
        return await asyncio.to_thread(self._embed, texts)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        clean = [encodable(text[: 2 * MAX_CHARACTERS]) for text in texts]
        vectors = np.asarray(self._model.embed(clean), dtype=np.float32).reshape(len(clean), DIMENSIONS)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        units: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
        return units


@cache
def _load() -> Any:
    """The model, one for the process."""
    spec = find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("wordllama is not installed")
    with _untouched_logging():
        from wordllama import WordLlama  # noqa: PLC0415  half a second, so only where it is needed

        return WordLlama.load(cache_dir=Path(spec.origin).parent, disable_download=True)


@contextmanager
def _untouched_logging() -> Iterator[None]:
    """wordllama configures the root logger when it is imported; logging is the service's own affair."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
