"""The dashboards show what the guide lists, ask only for what exists, and are what their generator writes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from artisan.dashboards import render_all

from .conftest import ROOT, Locate, Run
from .promql import known_series, read, unknown

OVERVIEW = "monitoring/grafana/dashboards/artisan-overview.json"
BOARD: dict[str, Any] = json.loads(render_all()[OVERVIEW])
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]


def queries() -> Iterator[tuple[str, dict[str, Any]]]:
    """(panel's title, target) of every query."""
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target


def plain(expression: str) -> str:
    """An expression with Grafana's variables filled in."""
    return expression.replace("$__rate_interval", "4m")


each_query = pytest.mark.parametrize("target", [pytest.param(target, id=title) for title, target in queries()])


def test_the_committed_dashboards_are_what_the_generator_writes(root: Path) -> None:
    """Nobody edits the JSON by hand, and nobody forgets to write it anew."""
    for path, text in render_all().items():
        assert (root / path).read_text() == text, f"{path} is stale"


def test_rendering_twice_gives_the_same_text() -> None:
    """A diff shows changes and nothing else."""
    assert render_all() == render_all()


def test_the_overview_is_found_under_its_name() -> None:
    """Name and uid are what the guide and links use; the datasource is a variable."""
    assert BOARD["title"] == "Artisan Hub - Overview"
    assert BOARD["uid"] == "artisan-overview"
    assert [(variable["name"], variable["type"]) for variable in BOARD["templating"]["list"]] == [
        ("datasource", "datasource")
    ]
    assert all(panel["datasource"]["uid"] == "${datasource}" for panel in PANELS)


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
    (panel,) = [panel for panel in PANELS if panel["title"] == group and panel["type"] == "timeseries"]
    assert any(metric in read(target["expr"]).selected for target in panel["targets"])


def test_response_time_shows_three_quantiles() -> None:
    """p50, p95 and p99, as the guide says."""
    assert [target["legendFormat"] for title, target in queries() if title == "Response time"] == ["p50", "p95", "p99"]


def test_every_panel_says_what_it_shows_and_in_what_unit() -> None:
    """Somebody who was just woken up should not have to guess."""
    for panel in PANELS:
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]


def test_lights_change_colour_where_alerts_ring(root: Path) -> None:
    """Every threshold of an alert is a step of a light, and every light on an alert names one that exists."""
    rules = yaml.safe_load((root / "monitoring/alerts/artisan-alerts.yml").read_text())["groups"]
    alerts = {rule["alert"] for group in rules for rule in group["rules"]}
    steps = {
        alert: step["value"]
        for panel in PANELS
        if panel["type"] == "stat"
        for alert in re.findall(r"Alert: (\w+)", panel["description"])
        for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        if step["value"] is not None
    }
    assert steps == {
        "ServiceUnavailable": 1,
        "RedisUnavailable": 1,
        "HighErrorRate": 0.05,
        "LLMProviderErrors": 10,
        "SlowResponseTime": 5,
        "HighAgentErrorRate": 0.1,
        "HighLLMLatency": 30,
        "HighMemoryUsage": 4 * 1024**3,
        "LowCacheHitRate": 0.7,
    }
    assert set(steps) == alerts


def test_panels_fill_the_grid_without_overlap() -> None:
    """Each cell of the 24 columns belongs to at most one panel, and each line is full."""
    cells = [
        (x, y)
        for panel in BOARD["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert len(cells) == 24 * (max(y for _, y in cells) + 1)


def test_promtool_parses_every_query(tmp_path: Path, locate: Locate, run: Run) -> None:
    """As expressions of recording rules, which is how promtool reads PromQL."""
    rules = [{"record": f"panel:{number}", "expr": plain(t["expr"])} for number, (_, t) in enumerate(queries())]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboards", "rules": rules}]}))
    run(locate("promtool"), "check", "rules", file)


@each_query
def test_a_query_asks_only_for_what_exists(target: dict[str, Any]) -> None:
    """Metrics and labels of the catalogue, or what Prometheus adds itself."""
    assert unknown(plain(target["expr"])) == []


@each_query
def test_a_legend_names_only_labels_that_its_series_have(target: dict[str, Any]) -> None:
    """Grafana shows an unknown label as its bare name."""
    reading = read(plain(target["expr"]))
    labels = reading.grouped or frozenset[str]().union(*(known_series()[name] for name in reading.selected))
    assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= labels


def test_grafana_finds_the_dashboards_where_docker_compose_mounts_them() -> None:
    """The provider's folder is a mount, and its datasource is the compose service."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    mounts = {volume.split(":")[1] for volume in services["grafana"]["volumes"]}
    provisioning = ROOT / "monitoring/grafana/provisioning"
    (provider,) = yaml.safe_load((provisioning / "dashboards/artisan.yml").read_text())["providers"]
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text())["datasources"]
    assert provider["options"]["path"] in mounts
    assert source["url"] == "http://prometheus:9090"
