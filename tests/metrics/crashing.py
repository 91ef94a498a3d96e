"""A worker that records as fast as it can and says on a pipe what it has done, until it is killed.

After each pair of records, one byte goes into the pipe. So the numbers shown may be ahead of the bytes by the records
in flight, and must never be behind.
"""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from backend.core.monitoring.metrics import Counter, Gauge, Histogram, Registry

LABEL_SETS = 40


def record_for_ever(directory: str, pipe: int) -> None:
    """Record for ever; new label sets and growth of the file are among it."""
    registry = Registry()
    counter = Counter("done_total", "Done", labels=("kind",), registry=registry)
    histogram = Histogram("took_seconds", "Took", labels=("kind",), buckets=(0.1, 1, 10), registry=registry)
    Gauge("living", "Living", registry=registry).set(1)
    registry.share(Path(directory), "crashing")
    own = f"worker {os.getpid()}"
    for turn in itertools.count():
        kind = own if turn % 7 == 0 else str(turn % LABEL_SETS)
        counter.labels(kind).inc()
        histogram.labels(kind).observe(0.5)
        os.write(pipe, b".")
