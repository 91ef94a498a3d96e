"""The dashboards show what the guide lists, ask only for what exists, and are what their generator writes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from artisan.dashboards import render_all

from .boards import BOARDS, each_board, panels, plain, targets, variables
from .conftest import Locate, Run
from .promql import known_series, read, unknown

OVERVIEW = BOARDS["artisan-overview"]

each_query = pytest.mark.parametrize("target", [pytest.param(target, id=name) for name, target in targets()])


def test_the_committed_dashboards_are_what_the_generator_writes(root: Path) -> None:
    """Nobody edits the JSON by hand, nobody forgets to write it anew, and no other file lies beside it."""
    files = {str(path.relative_to(root)): path.read_text() for path in root.glob("monitoring/grafana/dashboards/*")}
    assert render_all() == files


def test_rendering_twice_gives_the_same_text() -> None:
    """A diff shows changes and nothing else."""
    assert render_all() == render_all()


def test_each_dashboard_is_found_under_its_name() -> None:
    """Titles and uids are what the guide, the alerts and links use."""
    assert {uid: board["title"] for uid, board in BOARDS.items()} == {
        "artisan-overview": "Artisan Hub - Overview",
        "artisan-agents": "Artisan Hub - Agents and LLM cost",
        "artisan-slo": "Artisan Hub - SLOs",
        "artisan-inside": "Artisan Hub - Inside",
    }
    assert all(board["uid"] == uid for uid, board in BOARDS.items())


@pytest.mark.parametrize(
    ("group", "metric"),
    [
        ("Request rate", "http_requests_total"),
        ("Error rate", "http_requests_total"),
        ("Response time", "http_request_duration_seconds_bucket"),
        ("Active requests and agents", "active_agents"),
        ("Agent executions", "agent_executions_total"),
        ("Agent errors", "agent_errors_total"),
        ("LLM requests", "llm_requests_total"),
        ("LLM tokens", "llm_tokens_used_total"),
        ("Cache hit rate", "cache_hits_total"),
        ("Memory usage", "memory_usage_bytes"),
    ],
)
def test_the_overview_has_every_graph_that_the_guide_lists(group: str, metric: str) -> None:
    """Each over time, from the metric that it is about."""
    (panel,) = [panel for panel in panels(OVERVIEW) if panel["title"] == group and panel["type"] == "timeseries"]
    assert any(metric in read(plain(target["expr"])).selected for target in panel["targets"])


def test_response_time_shows_three_quantiles() -> None:
    """p50, p95 and p99, as the guide says."""
    (panel,) = [panel for panel in panels(OVERVIEW) if panel["title"] == "Response time"]
    assert [target["legendFormat"] for target in panel["targets"]] == ["p50", "p95", "p99"]


def test_the_overview_begins_with_a_verdict() -> None:
    """One word, larger than anything beside it, before anything that needs reading."""
    verdict, *others = panels(OVERVIEW)
    assert (verdict["gridPos"]["x"], verdict["gridPos"]["y"]) == (0, 1)
    (mapping,) = verdict["fieldConfig"]["defaults"]["mappings"]
    assert [state["text"] for state in mapping["options"].values()] == ["ALL WELL", "WARNING", "CRITICAL", "BLIND"]
    lights = [panel["gridPos"] for panel in others if panel["type"] == "stat"]
    assert all(verdict["gridPos"]["w"] * verdict["gridPos"]["h"] >= 4 * light["w"] * light["h"] for light in lights)


@each_board
def test_every_panel_says_what_it_shows_and_in_what_unit(board: dict[str, Any]) -> None:
    """Somebody who was just woken up should not have to guess."""
    for panel in panels(board):
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@each_board
def test_a_title_fits_over_its_panel(board: dict[str, Any]) -> None:
    """Six letters a column are what a screen of 1366 pixels shows beside the mark of the description."""
    for panel in panels(board):
        assert len(panel["title"]) <= 6 * panel["gridPos"]["w"], panel["title"]
        assert panel["gridPos"]["h"] >= (3 if panel["type"] == "stat" else 6)


@each_board
def test_panels_fill_the_grid_without_overlap(board: dict[str, Any]) -> None:
    """Each cell of the 24 columns belongs to at most one panel, and each line is full."""
    cells = [
        (x, y)
        for panel in board["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert len(cells) == 24 * (max(y for _, y in cells) + 1)
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


@each_board
def test_a_dashboard_leads_to_the_others_and_to_logs_and_traces(board: dict[str, Any]) -> None:
    """By the tag that all of them have, with the time and the variables that were chosen."""
    others, *signals = board["links"]
    assert others["type"] == "dashboards"
    assert others["tags"] == board["tags"] == ["artisan-hub"]
    assert others["keepTime"]
    assert others["includeVars"]
    assert [link["title"] for link in signals] == ["Logs", "Traces"]


@each_board
def test_a_link_to_logs_or_traces_is_an_address_of_explore(board: dict[str, Any]) -> None:
    """With a query for the data source that it names, of the time that is shown."""
    data = [link for panel in panels(board) for link in panel["fieldConfig"]["defaults"].get("links", [])]
    signals = [link for link in [*board["links"], *data] if link.get("url", "").startswith("/explore?")]
    assert {link["title"] for link in signals} == {"Logs", "Traces"}
    for link in signals:
        address = re.sub(r"\$\{__field\.labels\.\w+}", "a%20value", link["url"])
        pane = json.loads(parse_qs(urlsplit(address).query)["panes"][0])["a"]
        (query,) = pane["queries"]
        assert pane["datasource"] == query["datasource"]["uid"] == {"Logs": "loki", "Traces": "tempo"}[link["title"]]
        assert pane["range"] == {"from": "${__from}", "to": "${__to}"}
        assert "artisan-backend" in query.get("expr", query.get("query"))


def test_a_link_to_a_dashboard_leads_to_one_that_exists() -> None:
    """Grafana shows a page of its own for others."""
    text = "".join(render_all().values())
    assert set(re.findall(r'"/d/([\w-]+)', text)) <= set(BOARDS)


@each_query
def test_a_query_of_a_histogram_over_time_asks_for_exemplars(target: dict[str, Any]) -> None:
    """Its dots are the traces that the figure came from."""
    wanted = target["range"] and "_bucket" in target["expr"]
    assert target.get("exemplar", False) is wanted


@each_board
def test_a_variable_is_used_and_what_is_used_is_a_variable(board: dict[str, Any]) -> None:
    """A list that changes nothing misleads, and Grafana sends an unknown `$name` as it stands."""
    expressions = [target["expr"] for panel in panels(board) for target in panel["targets"]]
    used = {name for text in expressions for name in re.findall(r"\$([a-z_]\w*)", text) if not name.startswith("__")}
    assert used == {variable["name"] for variable in variables(board)}


@each_board
def test_a_variable_offers_several_values_and_all(board: dict[str, Any]) -> None:
    """All means whatever there is, at the start too."""
    for variable in variables(board):
        assert variable["multi"]
        assert variable["includeAll"]
        assert variable["allValue"] == ".*"
        assert variable["current"] == {"text": "All", "value": "$__all"}
        assert variable["description"].endswith(".")


@each_board
def test_graphs_show_when_alerts_fired(board: dict[str, Any]) -> None:
    """By severity, in the colours of the lights."""
    shown = {note["iconColor"]: note["expr"] for note in board["annotations"]["list"]}
    assert shown.keys() == {"red", "orange"}
    assert 'severity="critical"' in shown["red"]
    assert 'severity="warning"' in shown["orange"]


def test_promtool_parses_every_query(tmp_path: Path, locate: Locate, run: Run) -> None:
    """As expressions of recording rules, which is how promtool reads PromQL."""
    rules = [{"record": f"panel:{number}", "expr": plain(t["expr"])} for number, (_, t) in enumerate(targets())]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}))
    run(locate("promtool"), "check", "rules", file)


@each_query
def test_a_query_asks_only_for_what_exists(target: dict[str, Any]) -> None:
    """Metrics and labels of the catalogue, of recording rules, or of Prometheus and Alertmanager themselves."""
    assert unknown(plain(target["expr"])) == []


@each_query
def test_a_legend_names_only_labels_that_its_series_have(target: dict[str, Any]) -> None:
    """Grafana shows an unknown label as its bare name."""
    reading = read(plain(target["expr"]))
    labels = reading.grouped or frozenset[str]().union(*(known_series()[name] for name in reading.selected))
    assert set(re.findall(r"{{(\w+)}}", target.get("legendFormat", ""))) <= labels
