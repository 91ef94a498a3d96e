"""What goes wrong in the metrics themselves: counted, and told once a minute at most."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from backend.core.monitoring.logs import get_logger

if TYPE_CHECKING:
    from .instruments import Counter, Gauge
    from .store import Store

QUIET_SECONDS = 60.0
_log = get_logger("monitoring.metrics")


class Troubles:
    """Of one registry. Until `count_with` gives it metrics to count with, it only tells."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, ...], float] = {}
        self._overflow: Counter[...] | None = None
        self._skipped: Counter[...] | None = None
        self._unshared: Gauge[[]] | None = None

    def count_with(self, overflow: Counter[...], skipped: Counter[...], unshared: Gauge[[]]) -> None:
        """Count label sets without room by metric and label, files by reason, and label sets that are not shared."""
        self._overflow, self._skipped, self._unshared = overflow, skipped, unshared

    def overflowed(self, metric: str, label: str) -> None:
        """A label set had no room; `label` is the one with most values."""
        if self._overflow is not None:
            self._overflow.labels(metric, label).inc()
        if self._due("overflow", metric, label):
            advice = "a value that comes from outside became a label: bound it, or raise the metric's limit"
            _log.warning("metric_labels_overflow", metric=metric, label=label, advice=advice)

    def skipped(self, file: Path, reason: str, detail: str = "") -> None:
        """A file of another worker cannot be read, or says what no worker of this service would."""
        if self._skipped is not None:
            self._skipped.labels(reason).inc()
        if self._due("skipped", reason, file.name):
            _log.error("metrics_file_skipped", file=str(file), reason=reason, detail=detail)

    def refused(self, store: Store) -> None:
        """Tell of a disk that has taken no more, if it has."""
        error, store.refusal = store.refusal, None
        if error is not None:
            self.disk_refuses(error)

    def disk_refuses(self, error: OSError) -> None:
        """Some metrics of this process stay in its memory."""
        if self._due("disk"):
            shown = "only this worker shows its new label sets, until there is room again"
            _log.error("metrics_not_shared", error=str(error), consequence=shown)

    def unshared(self, count: int) -> None:
        """So many label sets of this process are in its memory, where the other workers cannot read them."""
        if self._unshared is not None:
            self._unshared.set(count)

    def _due(self, *what: str) -> bool:
        now = time.monotonic()
        if now - self._told.get(what, -QUIET_SECONDS) < QUIET_SECONDS:
            return False
        self._told[what] = now
        return True
