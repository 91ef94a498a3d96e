"""This service as `artisan lint` sees it: its metrics with their labels, and the ceilings that it sets itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client import utils

from artisan.lint import Ceiling, Metric, unit_of
from backend.agents.runner import TIME_LIMIT_SECONDS
from backend.core.config import Settings
from backend.core.monitoring.endpoints import UNMATCHED, Endpoints
from backend.core.monitoring.metrics import REGISTRY, Description
from backend.main import create_app

JOB = "artisan-backend"
# What the application registers when it is built; an agent may yet fail with an error that nobody foresaw.
_REGISTERED = frozenset({"agent_type", "tool_name"})


def metrics() -> list[Metric]:
    """The catalogue, with the values of labels that only the running application knows. Nothing is started."""
    seen = _seen()
    return [_metric(description, seen) for description in REGISTRY.descriptions()]


def ceilings() -> list[Ceiling]:
    """The deadlines of the service: nothing that it measures takes longer."""
    llm: float = Settings.model_fields["llm_timeout_seconds"].default
    return [
        Ceiling("llm_request_duration_seconds", llm, "the default of LLM_TIMEOUT_SECONDS"),
        Ceiling("agent_execution_duration_seconds", TIME_LIMIT_SECONDS, "the time limit of an agent's run"),
    ]


def _metric(description: Description, seen: dict[str, frozenset[str]]) -> Metric:
    known = {label: frozenset(values) for label, values in description.values.items()}
    labels = {label: known.get(label, seen.get(label)) for label in description.labels}
    counts = description.type in {"counter", "histogram"}  # of things, where no unit is told
    spelt: Any = utils.floatToGoString  # as our page spells an edge
    return Metric(
        description.name,
        description.type,
        {**labels, "job": frozenset({JOB})},
        description.unit or unit_of(description.name) or ("" if counts else None),
        description.buckets,
        {edge: spelt(edge) for edge in description.buckets},
    )


def _seen() -> dict[str, frozenset[str]]:
    values = dict(_registered(create_app(Settings(_env_file=None))))
    return {label: frozenset(found) for label, found in values.items()}


def _registered(app: Any) -> Iterator[tuple[str, set[str]]]:
    """The endpoints of an application, and the agents and tools that it has registered."""
    yield "endpoint", {UNMATCHED, *(route.template for route in Endpoints(app).table)}
    for label in _REGISTERED:
        yield label, REGISTRY.label_values(label)
