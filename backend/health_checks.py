"""What the service depends on, and what its absence means.

The database is critical: nothing can be answered without it. The others only make answers slower or plainer, and one
that the settings do not ask for is healthy, with a message that says so.
"""

from __future__ import annotations

from backend.catalog import Catalogue
from backend.core.config import Settings
from backend.core.monitoring import CheckResult, HealthCheck
from backend.llm import LLM
from backend.storage import Cache, Database


def health_checks(
    settings: Settings, database: Database, cache: Cache, llm: LLM | None, catalogue: Catalogue
) -> tuple[HealthCheck, ...]:
    """One check for each dependency, in the order in which `/monitoring/health` shows them."""

    async def check_redis() -> CheckResult:
        if not settings.redis_url:
            return CheckResult.healthy("Not configured: caching in memory")
        await cache.ping()
        return CheckResult.healthy("Redis is accessible")

    async def check_llm() -> CheckResult:
        if llm is None:
            return CheckResult.healthy("Not configured: questions are understood by rules alone")
        return await llm.ping()

    async def check_database() -> CheckResult:
        await database.ping()
        return CheckResult.healthy()

    async def check_vectors() -> CheckResult:
        return CheckResult.healthy(vectors=await catalogue.ping_vectors())

    return (
        HealthCheck("redis", check_redis, configured=bool(settings.redis_url)),
        # A vendor is asked over the internet, by every replica: often enough to know, seldom enough to be welcome.
        HealthCheck("llm", check_llm, configured=llm is not None, interval=30.0),
        HealthCheck("database", check_database, critical=True),
        HealthCheck("vector_store", check_vectors),
    )
