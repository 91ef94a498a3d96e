"""The one composition root: settings in, a running service out.

`create_app` builds the objects and hands them to each other; opening them is the lifespan's work, so that importing or
constructing does no I/O. `python -m backend.main` serves it; with no other part running it answers from SQLite and its
own memory.
"""

from __future__ import annotations

import asyncio
import ipaddress
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI

from backend import __version__
from backend.agents import Agent, AgentRunner, build_agents
from backend.api.application import build_api
from backend.api.home import Links
from backend.catalog import Catalogue
from backend.core.config import Settings, adopt_otel_variables
from backend.core.errors import ConfigError
from backend.core.monitoring import Monitoring, MonitoringOptions, configure_logging, get_logger
from backend.health_checks import health_checks
from backend.llm import LLM, open_llm
from backend.serving import serve_alone, serve_with_workers
from backend.storage import Cache, Database, Limits, MemoryCache, ReadThrough, ValkeyCache
from backend.telemetry import Telemetry
from backend.tools import Tool, Toolbox, build_tools

_log = get_logger("backend")


def create_app(
    settings: Settings | None = None,
    *,
    agents: Sequence[Agent] = (),
    tools: Sequence[Tool[Any]] = (),
    routers: Sequence[APIRouter] = (),
) -> Monitoring:
    """The service as an ASGI application, monitored; raises ConfigError when a setting cannot work.

    `agents`, `tools` and `routers` are a deployment's own, served beside ours and measured like them.
    """
    if settings is None:
        adopt_otel_variables()
        settings = Settings.load()
    configure_logging(production=settings.environment == "production", level=settings.log_level)
    database = open_database(settings)
    cache: Cache = ValkeyCache(settings.redis_url) if settings.redis_url else MemoryCache()
    llm = open_llm(settings, ReadThrough(cache, "llm"))
    catalogue = Catalogue(
        database, search_cache=ReadThrough(cache, "search"), embedding_cache=ReadThrough(cache, "embedding")
    )
    runner = AgentRunner((*build_agents(catalogue, llm), *agents), Toolbox((*build_tools(catalogue), *tools)))

    telemetry = Telemetry(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with telemetry.sent():
            async with _opened(database, cache, llm, catalogue):
                _log.info("service_started", version=__version__, environment=settings.environment)
                yield
            _log.info("service_stopped")

    links = Links(prometheus=settings.prometheus_url, alertmanager=settings.alertmanager_url)
    options = MonitoringOptions(
        version=__version__,
        environment=settings.environment,
        commit=settings.git_commit,
        checks=health_checks(settings, database, cache, llm, catalogue),
        token=settings.monitoring_token.get_secret_value(),
        service="artisan-hub",
        metrics_directory=settings.metrics_dir,
    )
    api = build_api(catalogue, runner, links, lifespan)
    for router in routers:
        api.include_router(router)
    return Monitoring(api, options)


@asynccontextmanager
async def _opened(database: Database, cache: Cache, llm: LLM | None, catalogue: Catalogue) -> AsyncIterator[None]:
    """Everything that needs opening, open; closed in reverse order, whatever happens."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        stack.push_async_callback(cache.close)
        if llm is not None:
            stack.push_async_callback(llm.close)
        await database.start()
        await catalogue.start()
        yield


def open_database(settings: Settings) -> Database:
    """The database that the settings name; nothing is opened yet."""
    limits = Limits(
        pool_size=settings.database_pool_size, statement_seconds=settings.database_statement_timeout_seconds
    )
    return Database(settings.database_url, limits)


def serve(app: Monitoring, settings: Settings) -> int:
    """Serve until a signal; returns the exit status. Several workers each build their own `app`."""
    if settings.workers > 1:
        return serve_with_workers(create_app, settings)
    return serve_alone(app, settings)


def main() -> int:
    """`python -m backend.main`: 0 after Ctrl-C, 2 for a setting that cannot work, another when it failed.

    SIGTERM stops it as cleanly, and is raised again by uvicorn at the end.
    """
    try:
        adopt_otel_variables()
        settings = Settings.load()
        app = create_app(settings)
        asyncio.run(_prepare(settings))
        if _open_to_others(settings):
            advice = "set MONITORING_TOKEN, or anybody reads the metrics"
            _log.warning("monitoring_open", host=settings.host, advice=advice)
        return serve(app, settings)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2


async def _prepare(settings: Settings) -> None:
    """Make the database ready ahead of the server, which would bury a refusal in a traceback."""
    database = open_database(settings)
    await database.start()
    await database.close()


def _open_to_others(settings: Settings) -> bool:
    """Whether the metrics of a production service can be read from other machines without a token."""
    if settings.environment != "production" or settings.monitoring_token.get_secret_value():
        return False
    try:
        return not ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        return settings.host != "localhost"


if __name__ == "__main__":
    sys.exit(main())
