"""The spec of `artisan drill`: the same parts as those of `artisan up`, on spare ports, with a state of its own."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Self

from artisan.drill.stack.compress import prometheus_flags
from artisan.drill.stack.provider import MODEL
from artisan.stack import alertmanager, backend, mailbox, prometheus, valkey
from artisan.stack.pages import BEHIND
from artisan.stack.part import Part
from artisan.stack.ports import LOOPBACK
from artisan.stack.tools import Tools
from backend.core.config import Settings

ROOT = Path(__file__).resolve().parents[3]
_PROVIDER = "openai"
# So that a rehearsal can take its samples away between two drills.
_FORGETTING = "--web.enable-admin-api"


@dataclass(frozen=True)
class Ports:
    """Where the parts listen; none of them where `artisan up` does."""

    backend: int
    valkey: int
    prometheus: int
    alertmanager: int
    mailbox: int
    smtp: int

    @classmethod
    def free(cls) -> Self:
        """Ports that nobody has, all different because they are held until the last is found."""
        with ExitStack() as held:
            found = [held.enter_context(socket.create_server((LOOPBACK, 0))) for _ in fields(cls)]
            return cls(*(each.getsockname()[1] for each in found))


@dataclass(frozen=True)
class Setup:
    """All that the parts depend on."""

    folder: Path
    """Where everything is written that this stack writes."""
    ports: Ports
    tools: Tools
    provider_port: int
    factor: float


def prometheus_host(tools: Tools) -> str:
    """Debian's Prometheus stands behind a front for browsers, which a rehearsal has no use for."""
    return BEHIND if prometheus.has_old_pages(tools) else LOOPBACK


def parts(setup: Setup) -> tuple[Part, ...]:
    """The parts, whose configuration must have been written."""
    numbers, run, data = setup.ports, setup.folder / "run", setup.folder / "data"
    for name in ("prometheus", "alertmanager"):
        (data / name).mkdir(parents=True, exist_ok=True)
    watching = prometheus.part(
        setup.tools, config=run / "prometheus.yml", data=data / "prometheus", port=numbers.prometheus
    )
    return (
        valkey.part(numbers.valkey),
        _backend(setup, data / "artisan.db"),
        mailbox.part(numbers.smtp, numbers.mailbox, data / "mail"),
        alertmanager.part(
            setup.tools, config=run / "alertmanager.yml", data=data / "alertmanager", port=numbers.alertmanager
        ),
        replace(watching, argv=(*watching.argv, *prometheus_flags(setup.factor), _FORGETTING)),
    )


def _backend(setup: Setup, database: Path) -> Part:
    known = backend.environment(ROOT, os.environ, database, {"valkey": setup.ports.valkey})
    environment = {
        **_no_settings(),
        **known,
        "ENVIRONMENT": "production",
        "DATABASE_URL": f"sqlite+aiosqlite:///{database}",
        "REDIS_URL": f"redis://{LOOPBACK}:{setup.ports.valkey}/0",
        "LLM_PROVIDERS": f"{_PROVIDER}:{MODEL}@http://{LOOPBACK}:{setup.provider_port}/v1",
        "OPENAI_API_KEY": "rehearsal",
    }
    part = backend.part(ROOT, setup.ports.backend, environment)
    return replace(part, argv=(sys.executable, "-m", "artisan.drill.stack.backend"))


def _no_settings() -> Mapping[str, str]:
    """Nothing of what the user has set for the real service: an empty setting is none."""
    return {name.upper(): "" for name in Settings.model_fields}
