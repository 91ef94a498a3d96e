"""Every query that we print returns data on a running Prometheus."""

from __future__ import annotations

import re

import pytest
import yaml

from .boards import BOARDS, plain, targets, variables
from .conftest import ROOT
from .prometheus import Prometheus


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


@pytest.mark.parametrize("query", [pytest.param(plain(target["expr"]), id=name) for name, target in targets()])
def test_a_query_of_a_dashboard_returns_data_when_there_is_traffic(prometheus: Prometheus, query: str) -> None:
    """No panel is empty for a reason other than rest."""
    prometheus.eventually(lambda: prometheus.answers(query), query)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(note["expr"], id=f"{uid}: {note['name']}")
        for uid, board in BOARDS.items()
        for note in board["annotations"]["list"]
    ],
)
def test_the_alerts_that_graphs_mark_are_found(prometheus: Prometheus, query: str) -> None:
    """One of each severity rings here, beside our own."""
    prometheus.eventually(lambda: prometheus.answers(query), query)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(plain(variable["query"]["query"]), id=f"{uid}: {variable['name']}")
        for uid, board in BOARDS.items()
        for variable in variables(board)
    ],
)
def test_a_variable_has_values_to_choose_from(prometheus: Prometheus, query: str) -> None:
    """Asked for as Grafana does: the values of a label in the series that match."""
    (asked,) = re.findall(r"^label_values\((.*), (\w+)\)$", query)
    series, label = asked
    prometheus.eventually(lambda: bool(prometheus.ask(f"label/{label}/values", **{"match[]": series})), query)


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
    """All of monitoring/ is loaded and healthy, alerts and recording rules alike."""

    def rules() -> list[tuple[str, str]]:
        return [
            (rule["name"], rule["health"]) for group in prometheus.ask("rules")["groups"] for rule in group["rules"]
        ]

    prometheus.eventually(lambda: all(health != "unknown" for _, health in rules()), "every rule is evaluated")
    files = [yaml.safe_load(path.read_text()) for path in ROOT.glob("monitoring/*/artisan-*.yml")]
    written = {
        rule.get("alert") or rule["record"] for file in files for group in file["groups"] for rule in group["rules"]
    }
    assert {name for name, _ in rules()} == written | {"Ringing"}
    assert {health for _, health in rules()} == {"ok"}
