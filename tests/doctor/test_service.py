"""A stranger on the port, and what the service says of itself, if it is the service."""

from __future__ import annotations

import json

from artisan.doctor import Harm
from tests.llm.vendor import Reply, Vendor, hang, raw, running_vendor

from .conftest import Look, only

ALIVE = raw("200 OK", b'{"status": "alive"}')


def port_of(vendor: Vendor) -> int:
    return int(vendor.base_url.removesuffix("/v1").rpartition(":")[2])


def health(status: str, **checks: dict[str, str]) -> Reply:
    return raw("200 OK", json.dumps({"status": status, "checks": checks}).encode())


async def test_a_free_port_is_fine(look: Look) -> None:
    """A service that does not run yet can start."""
    assert (await look("port")).findings == ()


async def test_our_own_service_on_the_port_is_fine(look: Look) -> None:
    """It answers as one."""
    async with running_vendor(ALIVE) as service:
        assert (await look("port", PORT=port_of(service))).findings == ()


async def test_a_stranger_on_the_port_is_told(look: Look) -> None:
    """Whether it speaks HTTP or says nothing; another port is offered, where the setting is read."""
    for reply in (raw("200 OK", b'{"status": "alive", "name": "somebody else"}'), hang):
        async with running_vendor(reply) as stranger:
            port = port_of(stranger)
            finding = only(await look("port", PORT=port))
        assert finding.harm is Harm.CRITICAL
        assert finding.what.startswith(f"Port {port} is in use by ")
        assert finding.mend.startswith("export PORT='")
        assert finding.mend != f"export PORT='{port}'"


async def test_a_service_that_does_not_run_is_not_judged(look: Look) -> None:
    """A doctor may be called before the first start."""
    assert "does not run" in (await look("service")).skipped


async def test_a_healthy_service_is_fine(look: Look) -> None:
    """As it says."""
    async with running_vendor(ALIVE, health("healthy", redis={"status": "healthy"})) as service:
        assert (await look("service", PORT=port_of(service))).findings == ()


async def test_what_the_service_complains_of_is_told(look: Look) -> None:
    """By the names of its checks; an unhealthy one gets no requests, which is worse."""
    checks = {"redis": {"status": "unhealthy", "message": "no answer"}, "database": {"status": "healthy"}}
    for status, harm in (("degraded", Harm.WARNING), ("unhealthy", Harm.CRITICAL)):
        async with running_vendor(ALIVE, health(status, **checks)) as service:
            finding = only(await look("service", PORT=port_of(service)))
        assert (finding.harm, finding.what) == (
            harm,
            f"The running service says that it is {status}: redis (no answer).",
        )
