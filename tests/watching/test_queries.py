"""Every query that we print returns data on a running Prometheus."""

from __future__ import annotations

import re

import pytest

from .conftest import ROOT
from .prometheus import Prometheus
from .test_dashboards import plain
from .test_dashboards import queries as dashboard_queries


def guide_queries() -> list[str]:
    """Every PromQL expression of the guide: a block holds several, parted by comments and empty lines."""
    parts = [
        part
        for block in re.findall(r"```promql\n(.*?)```", (ROOT / "docs/guide.md").read_text(), re.DOTALL)
        for comment in re.split(r"(?m)^#.*$", block)
        for part in re.split(r"\n\s*\n", comment)
    ]
    return [" ".join(part.split()) for part in parts if part.strip()]


def test_the_guide_prints_as_many_queries_as_we_know_of() -> None:
    """So that the reading of the guide cannot silently find none."""
    assert len(guide_queries()) == 14


@pytest.mark.parametrize("query", guide_queries())
def test_a_query_of_the_guide_returns_data_when_there_is_traffic(prometheus: Prometheus, query: str) -> None:
    """Just as it is printed, within two scrapes of the first traffic."""
    prometheus.eventually(lambda: prometheus.answers(query), query)


@pytest.mark.parametrize(
    "query", [pytest.param(plain(target["expr"]), id=title) for title, target in dashboard_queries()]
)
def test_a_query_of_a_dashboard_returns_data_when_there_is_traffic(prometheus: Prometheus, query: str) -> None:
    """No panel is empty for a reason other than rest."""
    prometheus.eventually(lambda: prometheus.answers(query), query)


@pytest.mark.parametrize("query", re.findall(r"(?m)^query '(.*)'$", (ROOT / "docs/alerts.md").read_text()))
def test_a_query_of_the_runbook_returns_data_when_there_is_traffic(prometheus: Prometheus, query: str) -> None:
    """Whoever types it at night should not find out that it was never tried."""
    prometheus.eventually(lambda: prometheus.answers(query), query)


def test_the_bare_name_of_the_request_size_is_bytes_received_by_endpoint(prometheus: Prometheus) -> None:
    """What the guide's search for memory-intensive endpoints needs, though a histogram has no series of that name."""
    query = "http_request_size_bytes"
    prometheus.eventually(lambda: prometheus.answers(query), query)
    labels = {frozenset(row["metric"]) for row in prometheus.ask("query", query=query)["result"]}
    assert labels == {frozenset({"__name__", "job", "instance", "method", "endpoint"})}


def test_a_running_prometheus_evaluates_every_rule_without_error(prometheus: Prometheus) -> None:
    """The nine alerts and the recording rule are loaded and healthy."""

    def rules() -> list[tuple[str, str]]:
        return [
            (rule["name"], rule["health"]) for group in prometheus.ask("rules")["groups"] for rule in group["rules"]
        ]

    prometheus.eventually(lambda: all(health != "unknown" for _, health in rules()), "every rule is evaluated")
    assert len(rules()) == 10
    assert {health for _, health in rules()} == {"ok"}
