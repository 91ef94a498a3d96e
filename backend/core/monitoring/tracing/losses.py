"""What a collector never got is counted: it was dropped for want of room, refused, or late at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, get_args

from opentelemetry.metrics import (
    CallbackT,
    Meter,
    NoOpCounter,
    NoOpMeter,
    NoOpMeterProvider,
    NoOpObservableUpDownCounter,
)
from opentelemetry.util.types import Attributes

from backend.core.monitoring.metrics.catalogue import TELEMETRY_DROPPED, TELEMETRY_EXPORTED, Reason, Signal


class _Exporter(Protocol):
    def export(self, batch: Sequence[Any], /) -> Any: ...
    def shutdown(self) -> None: ...


class Counted:
    """An exporter around another one, counting what that has sent and what it has given up."""

    def __init__(self, inner: _Exporter, signal: Signal, success: object) -> None:
        self._inner, self._success = inner, success
        self._exported = TELEMETRY_EXPORTED.labels(signal=signal)
        self._failed = TELEMETRY_DROPPED.labels(signal=signal, reason="export_failed")
        self._late = TELEMETRY_DROPPED.labels(signal=signal, reason="shutdown")
        self._under_way = 0
        self._given_up = False

    def export(self, batch: Sequence[Any], /) -> Any:
        """Send a batch, with the retries of the exporter within."""
        if self._given_up:
            return None  # counted already
        result, self._under_way = None, len(batch)
        try:
            result = self._inner.export(batch)
        finally:
            self._under_way = 0
            if not self._given_up:
                (self._exported if result == self._success else self._failed).inc(len(batch))
        return result

    def give_up(self, waiting: float) -> None:
        """The process ends: what is under way and what waits is lost. Wakes it where it waits to try again."""
        self._given_up = True
        self._late.inc(self._under_way + waiting)
        self._inner.shutdown()

    def shutdown(self) -> None:
        """All has been sent."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing is kept here."""
        return True


class QueueMetrics(NoOpMeterProvider):
    """What OpenTelemetry's batch processor says of itself (`otel.sdk.processor.*`), as far as something is lost."""

    def __init__(self, signal: Signal) -> None:
        self._meter = _QueueMeter(signal)

    def get_meter(self, name: str, *args: Any, **kwargs: Any) -> Meter:
        """The same for every part."""
        return self._meter

    def waiting(self) -> float:
        """How many are in the queue."""
        return self._meter.waiting()


class _QueueMeter(NoOpMeter):
    def __init__(self, signal: Signal) -> None:
        super().__init__("queue")
        self._dropped = {reason: TELEMETRY_DROPPED.labels(signal=signal, reason=reason) for reason in get_args(Reason)}
        self._size: CallbackT | None = None

    def lose(self, reason: str, count: float) -> None:
        self._dropped["queue_full" if reason == "queue_full" else "shutdown"].inc(count)

    def waiting(self) -> float:
        """How many are in the queue."""
        if not callable(self._size):
            return 0.0
        return sum(float(each.value) for each in self._size(None))  # type: ignore[arg-type,misc]

    def create_counter(self, name: str, *args: Any, **kwargs: Any) -> _Processed:
        return _Processed(name, self.lose)

    def create_observable_up_down_counter(
        self, name: str, callbacks: Sequence[CallbackT] | None = None, *args: Any, **kwargs: Any
    ) -> NoOpObservableUpDownCounter:
        self._size = next(iter(callbacks or ()), None)
        return NoOpObservableUpDownCounter(name)


class _Processed(NoOpCounter):
    """`otel.sdk.processor.{span,log}.processed`: with an `error.type`, it was lost."""

    def __init__(self, name: str, lose: Callable[[str, float], None]) -> None:
        super().__init__(name)
        self._lose = lose

    def add(self, amount: float, attributes: Attributes = None, *args: Any, **kwargs: Any) -> None:
        reason = (attributes or {}).get("error.type")
        if reason:
            self._lose(str(reason), amount)
