"""The HTTP metrics, with their children bound once for each kind of answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .endpoints import method_label
from .exemplar_trace import exemplar_trace
from .metrics import Counter, Recording
from .metrics.catalogue import (
    ACTIVE_REQUESTS,
    HTTP_REQUEST_DURATION,
    HTTP_REQUEST_SIZE,
    HTTP_REQUESTS,
    HTTP_RESPONSE_SIZE,
    HTTP_RESPONSES_BROKEN,
    Method,
)
from .metrics.description import LIMIT

if TYPE_CHECKING:
    from .endpoints import Route
    from .outcome import Outcome

# They exist at 0 from the start, so that rate() sees the very first error; a gateway's are those of a failed provider.
_FORESEEN = (200, 500, 502, 503, 504)


class _Series(NamedTuple):
    """What one request is counted in; all but the total are shared by every status of a route."""

    request: Recording
    """The total; the duration and the sizes of request and response."""
    broken: Counter[[]]


class HttpMetrics:
    """Records requests; labels are bounded by `Endpoints` and `method_label`."""

    def __init__(self) -> None:
        self._series: dict[tuple[Method, str, int], _Series] = {}
        self.began = ACTIVE_REQUESTS.inc
        """A request is being served."""

    def foresee(self, routes: tuple[Route, ...]) -> None:
        """Create the series of every route, so that they exist before the first request.

        In the same order in every worker: whoever reads the files of them all then need look at one alone.
        """
        for route in routes:
            for method in sorted(map(method_label, route.methods)):
                for status in _FORESEEN:
                    self._bind(method, route.template, status)

    def record(self, outcome: Outcome) -> None:
        """A request has been served."""
        method, endpoint, status, seconds, received, sent, _, span = outcome
        series = self._series.get((method, endpoint, status)) or self._bind(method, endpoint, status)
        series.request.record(seconds, received, sent, trace=exemplar_trace(span))
        if outcome.broken:
            series.broken.inc()

    def _bind(self, method: Method, endpoint: str, status: int) -> _Series:
        histograms = (HTTP_REQUEST_DURATION, HTTP_REQUEST_SIZE, HTTP_RESPONSE_SIZE)
        request = Recording(
            HTTP_REQUESTS.labels(method, endpoint, str(status)),
            [histogram.labels(method, endpoint) for histogram in histograms],
            active=ACTIVE_REQUESTS,
        )
        series = _Series(request, HTTP_RESPONSES_BROKEN.labels(method, endpoint))
        if len(self._series) < LIMIT:  # an application may answer with any status, and take its routes as they come
            self._series[method, endpoint, status] = series
        return series
