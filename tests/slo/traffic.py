"""Events of each committed objective as series for promtool: phases of so many good and bad ones a step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from artisan.slo import Slo, read
from artisan.slo.this_service import FILE

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "monitoring/rules/artisan-slo.yml"
ALERTS = ROOT / "monitoring/alerts/artisan-slo-alerts.yml"
SLOS = {slo.name: slo for slo in read(FILE.read_text(), "monitoring/slo.yml").slos}

EVENTS = 100_000
"""A step, where a test does not care how many."""

_REQUEST = 'job="artisan-backend", method="GET", endpoint="/api/search"'
_RUN = 'job="artisan-backend", agent_type="supply_hunter"'
# objective -> series that rise with good events, with bad ones, with both
_SERIES: dict[str, tuple[list[str], list[str], list[str]]] = {
    "api-availability": (
        [f'http_requests_total{{{_REQUEST}, status="200"}}'],
        [f'http_requests_total{{{_REQUEST}, status="500"}}'],
        [],
    ),
    "api-latency": (
        [f'http_request_duration_seconds_bucket{{{_REQUEST}, le="2.5"}}'],
        [],
        [f"http_request_duration_seconds_count{{{_REQUEST}}}"],
    ),
    "supply-hunter-availability": (
        [f'agent_executions_total{{{_RUN}, status="success"}}'],
        [f'agent_executions_total{{{_RUN}, status="error"}}'],
        [],
    ),
    "supply-hunter-latency": (
        [f'agent_execution_duration_seconds_bucket{{{_RUN}, le="10.0"}}'],
        [],
        [f"agent_execution_duration_seconds_count{{{_RUN}}}"],
    ),
}


@dataclass(frozen=True)
class Phase:
    """For `steps` samples, so many events between one and the next."""

    steps: int
    good: int
    bad: int = 0


def counter(phases: list[tuple[int, int]]) -> str:
    """promtool's notation of a counter that starts at 0 and then rises by so much in each of so many steps.

    Whole numbers only: promtool adds up, and a rounding error downwards would be a restart of the service.
    """
    value, parts = 0, ["0"]
    for steps, rise in phases:
        parts.append(f"{value + rise}+{rise}x{steps - 1}")
        value += rise * steps
    return " ".join(parts)


def series(name: str, phases: list[Phase]) -> list[dict[str, str]]:
    """The input series of one objective."""
    good, bad, both = _SERIES[name]
    rises = (
        (good, [(phase.steps, phase.good) for phase in phases]),
        (bad, [(phase.steps, phase.bad) for phase in phases]),
        (both, [(phase.steps, phase.good + phase.bad) for phase in phases]),
    )
    return [{"series": each, "values": counter(rise)} for names, rise in rises for each in names]


def burning(slo: Slo, steps: int, rate: float) -> Phase:
    """A steady burn rate."""
    bad = round(EVENTS * float(slo.budget) * rate)
    return Phase(steps, EVENTS - bad, bad)
