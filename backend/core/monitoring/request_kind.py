"""What requests of one method, endpoint and status have in common: the metrics they are counted in, and their line."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, NamedTuple

from .endpoints import method_label
from .line_template import MEASURES, LineTemplate
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

LOGGER = "monitoring.request"
# They exist at 0 from the start, so that rate() sees the very first error; a gateway's are those of a failed provider.
_FORESEEN = (200, 500, 502, 503, 504)


class Counted(NamedTuple):
    """What one request is counted in; all but the total are shared by every status of a route."""

    request: Recording
    """The total; the duration and the sizes of request and response."""
    broken: Counter[[]]


class Kind(NamedTuple):
    """Bound once, so that a request is counted and told by one look-up."""

    method: Method
    endpoint: str
    status: int
    line: LineTemplate
    """Of those that went well."""
    counted: Counted | None
    """None for requests that are told at debug and not counted."""

    @property
    def level(self) -> int:
        """That of the line of those that went well."""
        return logging.DEBUG if self.counted is None else logging.INFO


class Kinds:
    """All kinds that there are; labels are bounded by `Endpoints` and `method_label`."""

    def __init__(self, *, counted: bool) -> None:
        self.counted = counted
        self._known: dict[tuple[str, str, int], Kind] = {}

    def foresee(self, routes: tuple[Route, ...]) -> None:
        """Create the series of every route, so that they exist before the first request.

        In the same order in every worker: whoever reads the files of them all then need look at one alone.
        """
        for route in routes:
            for method in sorted(route.methods):
                for status in _FORESEEN:
                    self.find(method, route.template, status)

    def find(self, method: str, endpoint: str, status: int) -> Kind:
        """That of a request with this method, which may be any word."""
        return self._known.get((method, endpoint, status)) or self._bounded(method_label(method), endpoint, status)

    def _bounded(self, method: Method, endpoint: str, status: int) -> Kind:
        kind = self._known.get((method, endpoint, status))
        if kind is None:
            constant = {"method": method, "endpoint": endpoint, "status": status, **dict.fromkeys(MEASURES)}
            line = LineTemplate("info", "request_completed", LOGGER, constant)
            kind = Kind(method, endpoint, status, line, _bind(method, endpoint, status) if self.counted else None)
            if len(self._known) < LIMIT:  # an application may answer with any status, and take its routes as they come
                self._known[method, endpoint, status] = kind
        return kind


def _bind(method: Method, endpoint: str, status: int) -> Counted:
    histograms = (HTTP_REQUEST_DURATION, HTTP_REQUEST_SIZE, HTTP_RESPONSE_SIZE)
    request = Recording(
        HTTP_REQUESTS.labels(method, endpoint, str(status)),
        [histogram.labels(method, endpoint) for histogram in histograms],
        active=ACTIVE_REQUESTS,
    )
    return Counted(request, HTTP_RESPONSES_BROKEN.labels(method, endpoint))
