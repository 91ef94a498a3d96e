"""Health: the worst critical check decides; a probe never waits for a dependency."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import httpx
import pytest

from backend.core.monitoring import CheckResult, Health, HealthCheck, Monitoring, MonitoringOptions
from backend.core.monitoring.metrics import REGISTRY

GOOD, BAD, POOR = CheckResult.healthy("fine"), CheckResult.unhealthy("gone"), CheckResult.degraded("slow")


def check(name: str, result: Any, **options: Any) -> HealthCheck:
    async def ask() -> Any:
        if isinstance(result, Exception):
            raise result
        return result

    return HealthCheck(name, ask, **options)


@pytest.mark.parametrize(
    ("critical", "soft", "status", "ready"),
    [
        (GOOD, GOOD, "healthy", True),
        (GOOD, BAD, "degraded", True),
        (GOOD, POOR, "degraded", True),
        (POOR, GOOD, "degraded", True),
        (BAD, GOOD, "unhealthy", False),
        (BAD, BAD, "unhealthy", False),
        (RuntimeError("x"), GOOD, "unhealthy", False),
        ({"status": "unhealthy"}, GOOD, "unhealthy", False),
        (True, GOOD, "unhealthy", False),
    ],
)
async def test_the_status_follows_from_the_checks(critical: Any, soft: Any, status: str, ready: bool) -> None:
    """A soft dependency degrades and never takes the replica out; a truthy answer is no good health."""
    health = Health([check("a", critical, critical=True), check("b", soft)])
    await health.refresh()
    assert (health.report()["status"], health.ready) == (status, ready)


async def test_the_report_has_the_guides_shape() -> None:
    """Details stand beside status and message."""
    health = Health([check("llm", CheckResult.healthy(provider="groq")), check("redis", CheckResult.healthy("ok"))])
    await health.refresh()
    report = health.report()
    assert report["checks"] == {
        "llm": {"status": "healthy", "provider": "groq"},
        "redis": {"status": "healthy", "message": "ok"},
    }


async def test_a_check_that_hangs_is_unhealthy_in_time() -> None:
    """Its timeout ends it, and the others are not held up."""

    async def hang() -> CheckResult:
        await asyncio.Event().wait()
        return GOOD

    health = Health([HealthCheck("slow", hang, timeout=0.05), check("quick", GOOD)])
    await health.refresh()
    assert health.report()["checks"]["slow"] == {"status": "unhealthy", "message": "no answer within 0.05 s"}
    assert health.report()["checks"]["quick"]["status"] == "healthy"


async def test_a_check_that_does_not_let_go_is_told_in_time_and_not_asked_again_meanwhile() -> None:
    """A driver may wait for its thread before it ends; once it has, the dependency is asked anew."""
    asked, released = 0, asyncio.Event()

    async def stuck() -> CheckResult:
        nonlocal asked
        asked += 1
        while not released.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await released.wait()
        return GOOD

    health = Health([HealthCheck("stuck", stuck, timeout=0.05)])
    for _ in range(3):
        await asyncio.wait_for(health.refresh(), 2)
        assert health.report()["checks"]["stuck"] == {"status": "unhealthy", "message": "no answer within 0.05 s"}
    assert asked == 1
    released.set()
    await health.refresh()
    assert health.status == "healthy"


async def test_the_gauges_say_what_is_configured_and_up(logs: Any) -> None:
    """What the alerts rest on; a change is told once."""
    health = Health([check("there", GOOD), check("gone", BAD), check("unwanted", GOOD, configured=False)])
    await health.refresh()
    await health.refresh()
    shown = {
        name: (
            REGISTRY.value("dependency_up", dependency=name),
            REGISTRY.value("dependency_configured", dependency=name),
        )
        for name in ("there", "gone", "unwanted")
    }
    assert shown == {"there": (1, 1), "gone": (0, 1), "unwanted": (1, 0)}
    assert [line["dependency"] for line in logs.of("dependency_status_changed")] == ["there", "gone", "unwanted"]


async def test_each_dependency_is_asked_at_its_own_interval() -> None:
    """One that hangs holds up nobody else's news."""
    asked = {"often": 0, "seldom": 0}
    enough = asyncio.Event()

    async def often() -> CheckResult:
        asked["often"] += 1
        if asked["often"] == 20:
            enough.set()
        return GOOD

    async def seldom() -> CheckResult:
        asked["seldom"] += 1
        await asyncio.Event().wait()
        return GOOD

    checks = (HealthCheck("often", often, interval=0.001), HealthCheck("seldom", seldom, interval=0.001, timeout=60))
    keeping = asyncio.create_task(Health(checks).keep_fresh())
    await asyncio.wait_for(enough.wait(), 5)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert asked == {"often": 20, "seldom": 1}


async def test_probes_answer_at_once_while_a_dependency_hangs(serve: Any) -> None:
    """Results are refreshed in the background; liveness asks nobody at all."""
    asked = asyncio.Event()

    async def ask() -> CheckResult:
        if asked.is_set():
            await asyncio.Event().wait()
        asked.set()
        return GOOD

    app = Monitoring(_empty, MonitoringOptions(checks=(HealthCheck("database", ask, critical=True, timeout=30),)))
    async with serve(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/monitoring") as client:
        assert (await client.get("/health/ready")).status_code == 200
        hanging = asyncio.create_task(app.health.refresh())
        started = time.perf_counter()
        for probe in ("/health", "/health/live", "/health/ready"):
            assert (await client.get(probe)).status_code == 200
        assert time.perf_counter() - started < 1
        hanging.cancel()


async def test_an_unhealthy_service_answers_503_but_lives(serve: Any) -> None:
    """Restarting it would not bring its database back."""
    app = Monitoring(_empty, MonitoringOptions(checks=(check("database", BAD, critical=True),)))
    async with serve(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/monitoring") as client:
        codes = [(await client.get(path)).status_code for path in ("/health", "/health/ready", "/health/live")]
        refusal = (await client.get("/health/ready")).json()
    assert codes == [503, 503, 200]
    assert refusal["detail"] == "a critical dependency is unhealthy"


async def test_a_draining_service_is_not_ready() -> None:
    """New traffic goes elsewhere; what is under way is finished."""
    health = Health([check("a", GOOD)])
    await health.refresh()
    health.draining = True
    assert (health.ready, health.report()["status"]) == (False, "healthy")


async def _empty(scope: Any, receive: Any, send: Any) -> None:
    """An application that does nothing but live."""
    assert scope["type"] == "lifespan"
    for answer in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{answer}.complete"})
