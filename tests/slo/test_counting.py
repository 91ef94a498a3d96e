"""What each committed objective counts as good, as bad and as neither, and what is recorded of it."""

from __future__ import annotations

import pytest

from .conftest import Check, Evaluate, group, value
from .traffic import SLOS, Phase, counter, series

JOB = 'job="artisan-backend"'
MINUTES = 60


def rising(*names: str, by: int = 1) -> list[dict[str, str]]:
    """Series that rise by so much each minute for an hour."""
    return [{"series": name, "values": counter([(MINUTES, by)])} for name in names]


def counted(slo: str, events: float, bad: float) -> list[Check]:
    """What the last five minutes hold after half an hour."""
    return [
        value(f'round(slo:sli_events:increase5m{{slo="{slo}"}}, 0.001)', "30m", events, slo=slo),
        value(f'round(slo:sli_bad_events:increase5m{{slo="{slo}"}}, 0.001)', "30m", bad, slo=slo),
    ]


def requests(*statuses: str, endpoint: str = "/api/search") -> list[str]:
    return [f'http_requests_total{{{JOB}, endpoint="{endpoint}", status="{status}"}}' for status in statuses]


def test_a_fault_of_the_service_is_bad_and_one_of_the_client_is_neither(evaluate: Evaluate) -> None:
    """5xx is bad; 4xx, and with it a client that left (499), is not counted at all; pages beside the API neither."""
    inputs = rising(*requests("200", "307", "500", "504", "404", "422", "499"), *requests("500", endpoint="/docs"))
    evaluate(group(inputs, counted("api-availability", events=20, bad=10)))


def test_a_response_that_broke_off_is_bad_though_it_said_200(evaluate: Evaluate) -> None:
    """Also when no request was ever answered with 5xx."""
    inputs = rising(*requests("200"), f'http_responses_broken_total{{{JOB}, endpoint="/api/search"}}')
    evaluate(group(inputs, counted("api-availability", events=5, bad=5)))


def test_a_service_that_has_never_failed_has_no_bad_events_rather_than_none_known(evaluate: Evaluate) -> None:
    """The series of the errors may not exist before the first one."""
    evaluate(group(rising(*requests("200")), counted("api-availability", events=5, bad=0)))


def test_another_service_with_the_same_metrics_does_not_count(evaluate: Evaluate) -> None:
    """Job by job."""
    other = 'http_requests_total{job="another", endpoint="/api/search", status="500"}'
    evaluate(group(rising(*requests("200"), other), counted("api-availability", events=5, bad=0)))


def test_a_run_that_the_client_cancelled_is_neither_good_nor_bad(evaluate: Evaluate) -> None:
    """Nor do the runs of another agent count."""
    runs = 'agent_executions_total{job="artisan-backend", agent_type="%s", status="%s"}'
    own = [runs % ("supply_hunter", status) for status in ("success", "error", "cancelled")]
    evaluate(group(rising(*own, runs % ("another", "error")), counted("supply-hunter-availability", events=10, bad=5)))


def test_slow_is_what_took_longer_than_the_threshold(evaluate: Evaluate) -> None:
    """Runs of agents are left out of the API's latency: they have their own objective."""
    name = "http_request_duration_seconds"
    search, runs = (f'{JOB}, endpoint="{path}"' for path in ("/api/search", "/api/agents/{agent_type}/runs"))
    inputs = [
        *rising(f'{name}_bucket{{{search}, le="1.0"}}', by=5),
        *rising(f'{name}_bucket{{{search}, le="2.5"}}', by=7),
        *rising(f'{name}_bucket{{{search}, le="+Inf"}}', f"{name}_count{{{search}}}", by=10),
        *rising(f"{name}_count{{{runs}}}", by=10),
    ]
    evaluate(group(inputs, counted("api-latency", events=50, bad=15)))


@pytest.mark.parametrize("edge", ["10", "10.0"])
def test_a_whole_threshold_is_found_however_the_edge_is_written(evaluate: Evaluate, edge: str) -> None:
    """Clients write 10 or 10.0, and Prometheus 3 makes it 10.0."""
    run, name = f'{JOB}, agent_type="supply_hunter"', "agent_execution_duration_seconds"
    inputs = [*rising(f'{name}_bucket{{{run}, le="{edge}"}}', by=3), *rising(f"{name}_count{{{run}}}", by=4)]
    evaluate(group(inputs, counted("supply-hunter-latency", events=20, bad=5)))


def test_an_edge_that_is_not_there_is_loud(evaluate: Evaluate) -> None:
    """What cannot be shown to be fast counts as slow."""
    count = f'agent_execution_duration_seconds_count{{{JOB}, agent_type="supply_hunter"}}'
    evaluate(group(rising(count), counted("supply-hunter-latency", events=5, bad=5)))


@pytest.mark.parametrize("slo", SLOS)
def test_every_window_has_its_counts_and_its_ratio(evaluate: Evaluate, slo: str) -> None:
    """A fiftieth is bad: in the counts of each window, and in each ratio; the long ones from steps of five minutes."""
    inputs = series(slo, [Phase(420, 98, 2)])
    checks = [
        value(f"round({name}, {exact})", "7h", expected, slo=slo)
        for window, minutes in {"5m": 5, "30m": 30, "1h": 60, "6h": 360}.items()
        for name, expected, exact in (
            (f'slo:sli_events:increase{window}{{slo="{slo}"}}', 100 * minutes, 1),
            (f'slo:sli_bad_events:increase{window}{{slo="{slo}"}}', 2 * minutes, 1),
            (f'slo:sli_error:ratio_rate{window}{{slo="{slo}"}}', 0.02, 0.0001),
        )
    ]
    for window in ("3d", "30d"):
        checks += [
            # Seven hours of a hundred a minute; the last step may be under way.
            value(f'round(slo:sli_events:increase{window}{{slo="{slo}"}}, 1000)', "7h", 42000, slo=slo),
            value(f'round(slo:sli_error:ratio_rate{window}{{slo="{slo}"}}, 0.0001)', "7h", 0.02, slo=slo),
        ]
    budget = float(SLOS[slo].budget)
    checks += [
        value(f'slo:objective:ratio{{slo="{slo}"}} + 0', "7h", 1 - budget, slo=slo),
        value(f'slo:error_budget:ratio{{slo="{slo}"}} + 0', "7h", budget, slo=slo),
        value(f'round(slo:current_burn_rate:ratio{{slo="{slo}"}}, 0.001)', "7h", round(0.02 / budget, 3), slo=slo),
    ]
    evaluate(group(inputs, checks), every="5m")
