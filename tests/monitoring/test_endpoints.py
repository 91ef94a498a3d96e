"""The `endpoint` label is the full template of the route, whatever it took to get there."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from backend.core.monitoring import Monitoring
from backend.core.monitoring.endpoints import Endpoints, method_label


@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/items/1", "/items/{item}", 200),
        ("/v1/outer/inner/2/b", "/v1/outer/inner/{x}/{leaf}", 200),
        ("/tenants/acme/direct/9", "/tenants/{tenant}/direct/{leaf}", 200),
        ("/tenants/acme/outer/inner/2/b", "/tenants/{tenant}/outer/inner/{x}/{leaf}", 200),
        ("/tenants/acme/nowhere", "unmatched", 404),
        ("/plain/r/5", "/plain/r/{q}", 200),
        ("/files/deep/down.txt", "/files", 200),
        ("/docs", "/docs", 200),
        ("/slash", "unmatched", 307),
        ("/no/such/place", "unmatched", 404),
    ],
)
async def test_every_kind_of_route_is_named_by_its_template(
    client: httpx.AsyncClient, rise: Any, path: str, template: str, status: int
) -> None:
    """Routers in routers, mounts, mounted applications, redirects and misses."""
    risen = rise("http_requests_total", method="GET", endpoint=template, status=str(status))
    assert (await client.get(path)).status_code == status
    assert risen() == 1


async def test_a_wrong_method_belongs_to_its_route(client: httpx.AsyncClient, rise: Any) -> None:
    """405 is an answer of a known endpoint."""
    risen = rise("http_requests_total", method="POST", endpoint="/items/{item}", status="405")
    await client.post("/items/1")
    assert risen() == 1


def test_unknown_methods_share_one_label() -> None:
    """A client can send any word as a method."""
    assert [method_label(word) for word in ("GET", "PROPFIND", "get", "X" * 999)] == ["GET", *["_OTHER"] * 3]


def test_an_application_without_routes_has_only_unmatched() -> None:
    """Any ASGI application can be wrapped."""

    async def bare(*_: object) -> None: ...

    scope = {"type": "http", "path": "/x", "root_path": ""}
    assert Endpoints(bare).template(scope, "", "/x") == "unmatched"


async def test_a_proxys_prefix_is_not_part_of_the_template(app: Monitoring, rise: Any) -> None:
    """`root_path` of a proxy is taken off."""
    risen = rise("http_requests_total", method="GET", endpoint="/docs", status="200")
    transport = httpx.ASGITransport(app=app, root_path="/hub")
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get("/hub/docs")).status_code == 200
        assert (await client.get("/hub/monitoring/health/live")).status_code == 200
    await app._vitals.stop()
    assert risen() == 1


async def test_two_templates_of_one_path_below_a_mount_are_told_apart_by_method() -> None:
    """As the router does."""
    inner = FastAPI()
    inner.get("/a/{read}")(lambda read: read)
    inner.post("/a/{written}")(lambda written: written)
    app = FastAPI()
    app.mount("/m", inner)
    search = Endpoints(app)._search
    assert [search(method, "/m/a/1") for method in ("GET", "POST", "PUT")] == [
        "/m/a/{read}",
        "/m/a/{written}",
        "/m/a/{read}",
    ]
