"""What leaves the service about itself, beside what is scraped: spans and log lines by OTLP, exceptions to Sentry."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from backend import __version__
from backend.core.config import Settings
from backend.core.errors import ConfigError
from backend.core.monitoring.sentry import start_reporting, stop_reporting
from backend.core.monitoring.tracing.export import Exporting
from backend.core.monitoring.vendor_agents import stop_vendor_agent


class Telemetry:
    """As the settings and OTEL_* describe it; raises ConfigError when they describe what cannot work."""

    def __init__(self, settings: Settings) -> None:
        self._sentry = settings.sentry_dsn.get_secret_value()
        self._environment = settings.environment
        facts = {
            "service.name": "artisan-hub",
            "service.version": __version__,
            "deployment.environment.name": settings.environment,
        }
        try:
            self._otlp = Exporting(facts)
        except ValueError as error:
            raise ConfigError(str(error)) from None

    @asynccontextmanager
    async def sent(self) -> AsyncIterator[None]:
        """Send it while the block runs; what waits at its end is sent, for a few seconds at most."""
        self._otlp.start()
        if self._sentry:
            start_reporting(self._sentry, release=f"artisan-hub@{__version__}", environment=self._environment)
        try:
            yield
        finally:
            if self._sentry:
                await asyncio.to_thread(stop_reporting)
            await asyncio.to_thread(self._otlp.stop)
            await asyncio.to_thread(stop_vendor_agent)
