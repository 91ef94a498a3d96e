"""Which route template a request belongs to: the bounded `endpoint` of metrics, logs and spans.

Starlette leaves the matched route in the scope, but for routes below a mount its path lacks the mount's prefix, whose
template is nowhere (`root_path` is the concrete prefix). FastAPI's included routers keep the full template in a private
place of the scope. So the quick answers are taken where they are right, and a table of all templates answers the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, get_args

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount, compile_path
from starlette.types import Scope

from .metrics.catalogue import Method

UNMATCHED = "unmatched"
_METHODS: dict[str, Method] = {method: method for method in get_args(Method)}


def method_label(method: str) -> Method:
    """The method when it is one of HTTP's own: a client can send any word."""
    return _METHODS.get(method, "_OTHER")


class Route(NamedTuple):
    """A template that the application serves, and how to know a path of it."""

    template: str
    methods: frozenset[str]
    pattern: re.Pattern[str]


class Endpoints:
    """The route templates of one application (any ASGI app; one without routes has only `unmatched`)."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._table: tuple[Route, ...] | None = None

    @property
    def table(self) -> tuple[Route, ...]:
        """Every template, in the order in which the router tries them; built at first use, when all are known."""
        if self._table is None:
            self._table = tuple(_walk(_routes_of(self._app), ""))
        return self._table

    def template(self, scope: Scope, root_path: str, path: str) -> str:
        """The template of a request that the application has routed; `root_path` and `path` as the request came in."""
        if scope.get("root_path", "") == root_path:
            context = scope["fastapi"].get("effective_route_context") if "fastapi" in scope else None
            template = getattr(context or scope.get("route"), "path", None)
            if isinstance(template, str):
                return template
        if "endpoint" not in scope:
            return UNMATCHED
        return self._search(scope["method"], path.removeprefix(root_path) or "/")

    def _search(self, method: str, path: str) -> str:
        fitting = [route for route in self.table if route.pattern.match(path)]
        allowing = [route for route in fitting if method in route.methods or not route.methods]
        return next((route.template for route in (*allowing, *fitting)), UNMATCHED)


def _routes_of(app: Any) -> Sequence[BaseRoute]:
    """The routes of the innermost application below any number of middlewares that keep it as `.app`."""
    while not hasattr(app, "routes") and hasattr(app, "app"):
        app = app.app
    return getattr(app, "routes", None) or ()


def _walk(routes: Iterable[BaseRoute], prefix: str) -> Iterator[Route]:
    for context in iter_route_contexts(list(routes)):
        path = context.path
        if not isinstance(path, str):
            continue
        if isinstance(context.original_route, Mount):
            yield from _walk_mount(context.original_route, prefix + path)
        elif context.methods is not None:
            yield Route(prefix + path, frozenset(context.methods), compile_path(prefix + path)[0])


def _walk_mount(mount: Mount, template: str) -> Iterator[Route]:
    inner = _routes_of(mount.app)
    if inner:
        yield from _walk(inner, template)
    else:  # an application without routes, e.g. static files: all of it is one endpoint
        yield Route(template or "/", frozenset(), compile_path(f"{template}/{{rest:path}}")[0])
