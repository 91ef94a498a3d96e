"""Whatever a client sends, it gets a problem document with its request id, and never a 500."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

RUN = "/api/agents/supply_hunter/runs"


def assert_problem(reply: httpx.Response, status: int) -> dict[str, Any]:
    body: dict[str, Any] = reply.json()
    assert (reply.status_code, body["status"]) == (status, status)
    assert reply.headers["content-type"] == "application/problem+json"
    assert body["request_id"] == reply.headers["x-request-id"] == "bad-1"
    assert body["title"]
    assert "Traceback" not in reply.text
    return body


@pytest.fixture
def client(api: httpx.Client) -> httpx.Client:
    api.headers["X-Request-ID"] = "bad-1"
    return api


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("q=", 422),
        ("q=%20%09%0a", 422),
        ("q=" + "x" * 10_240, 422),
        ("q=%ff%fe", 400),
        ("q=silk&x=%ff", 400),
        ("q=silk&limit=0", 422),
        ("q=silk&limit=-1", 422),
        ("q=silk&limit=51", 422),
        ("q=silk&limit=many", 422),
        ("q=silk&limit=1e3", 422),
        ("q=silk&kind=planet", 422),
        ("q=silk&state=Atlantis", 400),
    ],
)
def test_bad_searches(client: httpx.Client, rise: Any, query: str, status: int) -> None:
    """Each counts under its route and status."""
    counted = rise("http_requests_total", method="GET", endpoint="/api/search", status=str(status))
    assert_problem(client.get(f"/api/search?{query}"), status)
    assert counted() == 1


def test_what_was_sent_is_not_repeated(client: httpx.Client) -> None:
    """A long or hostile value would otherwise be stored wherever errors are."""
    body = assert_problem(client.get("/api/search", params={"q": "z" * 5000}), 422)
    assert "zzz" not in str(body)
    assert body["errors"][0]["field"] == "query.q"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"null", 422),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"query": 5}', 422),
        (b'{"query": ""}', 422),
        (b'{"query": "' + b"x" * 501 + b'"}', 422),
        (b'{"query": "\\ud800"}', 422),
        (b'{"query": "\xff"}', 400),
        (b'{"query": ' + b"[" * 5000, 400),
        (b'{"query": "' + b"x" * 70_000 + b'"}', 413),
    ],
    ids=lambda value: str(value)[:24],
)
def test_bad_bodies(client: httpx.Client, body: bytes, status: int) -> None:
    """Wrong JSON, wrong types, wrong lengths, wrong encodings."""
    assert_problem(client.post(RUN, content=body, headers={"Content-Type": "application/json"}), status)


def test_a_body_without_a_length_is_limited_too(client: httpx.Client) -> None:
    """A chunked upload announces nothing."""

    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * 1024

    reply = client.post(RUN, content=endless(), headers={"Content-Type": "application/json"})
    assert_problem(reply, 413)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/no/such/place", 404),
        ("GET", "/api/agents/nobody/runs", 405),
        ("POST", "/api/agents/nobody/runs", 404),
        ("POST", "/api/agents/%2e%2e%2fetc/runs", 404),
        ("DELETE", "/api/search", 405),
        ("PROPFIND", "/api/search", 405),
    ],
)
def test_wrong_places(client: httpx.Client, method: str, path: str, status: int) -> None:
    """Unknown agents, paths and methods."""
    assert_problem(client.request(method, path, json={"query": "silk"}), status)


def test_unknown_agents_and_methods_do_not_become_labels(client: httpx.Client) -> None:
    """A scan leaves the metrics page as long as it was."""
    client.post("/api/agents/scan-7/runs", json={"query": "silk"})
    client.request("PROPFIND", "/api/search")
    page = client.get("/monitoring/metrics").text
    assert "scan-7" not in page
    assert "PROPFIND" not in page


def test_the_description_tells_the_truth_about_errors(client: httpx.Client) -> None:
    """Every operation documents the problem document, and none the framework's own error."""
    description = client.get("/openapi.json").json()
    operations = [operation for path in description["paths"].values() for operation in path.values()]
    for operation in operations:
        assert "422" not in operation["responses"]
        (schema,) = (it["schema"] for it in operation["responses"]["default"]["content"].values())
        problem = assert_problem(client.get("/no/such/place"), 404)
        assert set(schema["required"]) <= set(problem) <= set(schema["properties"])
    assert "HTTPValidationError" not in description["components"]["schemas"]
