"""`/monitoring/*`."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from backend.core.monitoring import Monitoring, MonitoringOptions
from backend.core.monitoring.metrics import REGISTRY


async def test_metrics_in_the_format_that_the_scraper_asks_for(client: httpx.AsyncClient) -> None:
    """Prometheus' text by default, OpenMetrics by `Accept`."""
    text = await client.get("/monitoring/metrics")
    openmetrics = await client.get(
        "/monitoring/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
    )
    assert text.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert openmetrics.text.endswith("# EOF\n")


async def test_the_cost_of_a_scrape_is_a_metric(client: httpx.AsyncClient, rise: Any) -> None:
    """Seen by the next scrape."""
    scraped = rise("metrics_scrape_duration_seconds_count")
    await client.get("/monitoring/metrics")
    assert scraped() == 1


async def test_app_info_says_what_runs(client: httpx.AsyncClient) -> None:
    """Version, environment and commit as labels of a constant 1."""
    page = (await client.get("/monitoring/metrics")).text
    assert 'app_info{version="1.2.3",environment="test",commit="abc"} 1.0' in page


async def test_info_answers_in_milliseconds(client: httpx.AsyncClient) -> None:
    """CPU is read since the last call: a blocking sample would stop the event loop for its whole length."""
    await client.get("/monitoring/info")
    started = time.perf_counter()
    info = (await client.get("/monitoring/info")).json()
    assert time.perf_counter() - started < 0.1
    assert info["cpu"]["count"] >= 1
    assert 0 < info["memory"]["percent"] <= 100
    assert info["memory"]["total_gb"] > info["memory"]["available_gb"] > 0
    assert info["disk"]["total_gb"] >= info["disk"]["used_gb"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/monitoring/nowhere", 404), ("POST", "/monitoring/metrics", 405)]
)
async def test_wrong_requests_are_problems(client: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    """With the request id, like everywhere."""
    reply = await client.request(method, path, headers={"X-Request-ID": "p"})
    assert (reply.status_code, reply.json()["status"], reply.json()["request_id"]) == (status, status, "p")


@pytest.mark.parametrize(
    ("path", "header", "status"),
    [
        ("metrics", None, 401),
        ("metrics", "Bearer wrong", 401),
        ("metrics", "Bearer s3cret", 200),
        ("info", None, 401),
        ("info", "Bearer s3cret", 200),
        ("health", None, 200),
        ("health/live", None, 200),
        ("health/ready", None, 200),
    ],
)
async def test_the_token_guards_what_probes_do_not_need(path: str, header: str | None, status: int) -> None:
    """An orchestrator's probe has no token."""
    app = Monitoring(_nothing, MonitoringOptions(token="s3cret"))
    headers = {"Authorization": header} if header else {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        assert (await client.get(f"/monitoring/{path}", headers=headers)).status_code == status
    await app._vitals.stop()


async def test_vitals_are_measured_while_the_service_runs(app: Monitoring, serve: Any, rise: Any) -> None:
    """Memory and event-loop lag have values without any request, and nothing is left running afterwards."""
    lag = rise("event_loop_lag_seconds_count")
    async with serve(app):
        async with asyncio.timeout(5):
            while not lag() or not REGISTRY.value("memory_usage_bytes"):
                await asyncio.sleep(0.01)
    assert (REGISTRY.value("memory_usage_bytes") or 0) > 1024 * 1024
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("monitoring.")]


async def _nothing(*_: object) -> None:
    """Never called."""
