"""The backend as its users start it, sending to a collector on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.e2e.serving import AS_THE_GUIDE_SAYS, Service, served

from .collector import Collector, collecting

StartBackend = Callable[..., AbstractContextManager[Service]]


@pytest.fixture
def collector() -> Iterator[tuple[Collector, str]]:
    with collecting() as collector:
        yield collector


@pytest.fixture
def backend(tmp_path: Path) -> StartBackend:
    """`with backend(url, WORKERS="4") as it:`; ends it at the end, so that all has been sent by then."""

    @contextmanager
    def start(url: str, **env: str) -> Iterator[Service]:
        with served(AS_THE_GUIDE_SAYS, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=url, **env) as service:
            yield service

    return start
