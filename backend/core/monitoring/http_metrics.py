"""The HTTP metrics, with their children bound once for each label set."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .endpoints import method_label
from .metrics import Counter, Histogram
from .metrics.catalogue import (
    ACTIVE_REQUESTS,
    HTTP_REQUEST_DURATION,
    HTTP_REQUEST_SIZE,
    HTTP_REQUESTS,
    HTTP_RESPONSE_SIZE,
    HTTP_RESPONSES_BROKEN,
    Method,
)

if TYPE_CHECKING:
    from .endpoints import Route
    from .outcome import Outcome

# They exist at 0 from the start, so that rate() sees the very first error; a gateway's are those of a failed provider.
_FORESEEN = (200, 500, 502, 503, 504)


class _Route(NamedTuple):
    duration: Histogram[[]]
    request_size: Histogram[[]]
    response_size: Histogram[[]]
    broken: Counter[[]]


class HttpMetrics:
    """Records requests; labels are bounded by `Endpoints` and `method_label`."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], _Route] = {}
        self._totals: dict[tuple[str, str, int], Counter[[]]] = {}

    def foresee(self, routes: tuple[Route, ...]) -> None:
        """Create the series of every route, so that they exist before the first request."""
        for route in routes:
            for method in map(method_label, route.methods):
                self._route(method, route.template)
                for status in _FORESEEN:
                    self._total(method, route.template, status)

    def began(self) -> None:
        """A request is being served."""
        ACTIVE_REQUESTS.inc()

    def record(self, outcome: Outcome) -> None:
        """A request has been served."""
        ACTIVE_REQUESTS.dec()
        self._total(outcome.method, outcome.endpoint, outcome.status).inc()
        route = self._route(outcome.method, outcome.endpoint)
        route.duration.observe(outcome.seconds)
        route.request_size.observe(outcome.received)
        route.response_size.observe(outcome.sent)
        if outcome.broken:
            route.broken.inc()

    def _total(self, method: Method, endpoint: str, status: int) -> Counter[[]]:
        key = (method, endpoint, status)
        if (child := self._totals.get(key)) is None:
            child = HTTP_REQUESTS.labels(method=method, endpoint=endpoint, status=str(status))
            self._totals[key] = child
        return child

    def _route(self, method: Method, endpoint: str) -> _Route:
        key = (method, endpoint)
        if (children := self._routes.get(key)) is None:
            children = _Route(
                HTTP_REQUEST_DURATION.labels(method, endpoint),
                HTTP_REQUEST_SIZE.labels(method, endpoint),
                HTTP_RESPONSE_SIZE.labels(method, endpoint),
                HTTP_RESPONSES_BROKEN.labels(method, endpoint),
            )
            self._routes[key] = children
        return children
