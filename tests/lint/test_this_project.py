"""Our own rules, dashboards, objectives and documents keep the contract; and what lint knows of the service is true."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import artisan.described
from artisan.cli import app
from artisan.lint import RULES, Order, lint
from artisan.stack.foreground import ROOT
from backend.agents.runner import TIME_LIMIT_SECONDS
from backend.core.config import Settings
from backend.core.monitoring.metrics import REGISTRY

from .conftest import CORPUS


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit status, output and complaints of `artisan lint`."""
    result = CliRunner().invoke(app, ["lint", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_this_project_is_clean() -> None:
    """Without even a warning; whoever must deviate writes a waiver with its reason."""
    status, output, _ = run()
    assert output.startswith("Nothing to complain of"), output
    assert status == 0


def test_all_alerts_dashboards_objectives_and_documents_are_read() -> None:
    """So that a clean run is not one that has looked away."""
    _, output, _ = run("--format", "json")
    summary = json.loads(output)["summary"]
    files = [*ROOT.glob("monitoring/alerts/*.yml"), *ROOT.glob("monitoring/grafana/dashboards/*.json")]
    assert summary["files"] > len(files)
    assert summary["expressions"] > 200


def test_files_of_this_project_are_checked_with_the_rest_in_view() -> None:
    """The generated alerts rest on series that other files record."""
    for path in ROOT.glob("monitoring/alerts/*.yml"):
        status, output, _ = run(str(path))
        assert status == 0, output


def test_each_misspelling_in_our_own_alerts_is_found(tmp_path: Path) -> None:
    """Against the catalogue, by name: metric, label, value, edge, ceiling."""
    text = (ROOT / "monitoring/alerts/artisan-alerts.yml").read_text()
    mistakes = {
        "metric/unknown": text.replace("llm_requests_total", "llm_request_total"),
        "label/unknown": text.replace("sum by (provider) (", "sum by (vendor) ("),
        "label/value": text.replace("error|timeout|refused", "error|time-out|refused"),
        "threshold/edge": text.replace(") > 30\n", ") > 31\n"),
        "alert/deaf": text.replace(") > 30\n", ") > 60\n"),
        "threshold/reach": text.replace("> 0.05\n", "> 5\n"),
        "range/short": text.replace("[5m]", "[15s]"),
    }
    for rule, mistaken in mistakes.items():
        assert mistaken != text, rule
        (tmp_path / "alerts.yml").write_text(mistaken)
        found = _linted_here(tmp_path / "alerts.yml")
        assert rule in found, (rule, found)


def _linted_here(path: Path) -> set[str]:
    """The rules that a file breaks when it is taken for one of ours."""
    described = artisan.described
    config = Path("monitoring/lint.yml")
    order = Order(ROOT, [path], metrics=described.metrics(), config=config, ceilings=described.ceilings())
    return {finding.rule.id for finding in lint(order).findings}


def test_the_ceilings_are_those_of_the_code() -> None:
    """The shortest deadline that the settings allow is their default, and lets the alert ring."""
    ceilings = {ceiling.metric: ceiling.value for ceiling in artisan.described.ceilings()}
    assert ceilings["agent_execution_duration_seconds"] == TIME_LIMIT_SECONDS
    assert ceilings["llm_request_duration_seconds"] == Settings(_env_file=None).llm_timeout_seconds


def test_the_description_is_the_catalogue_with_what_the_application_registers() -> None:
    """Agents, tools and endpoints are known by value; what a vendor or an error may be called is not."""
    described = {metric.name: metric for metric in artisan.described.metrics()}
    assert described.keys() == {description.name for description in REGISTRY.descriptions()}
    endpoints = described["http_requests_total"].labels["endpoint"]
    assert endpoints is not None
    assert {"/api/search", "/api/agents/{agent_type}/runs", "unmatched"} <= endpoints
    assert "supply_hunter" in (described["agent_executions_total"].labels["agent_type"] or ())
    assert "search_catalogue" in (described["tool_executions_total"].labels["tool_name"] or ())
    assert described["agent_errors_total"].labels["error_type"] is None
    assert described["llm_requests_total"].labels["provider"] is None


def test_the_spelling_of_an_edge_is_that_of_our_page() -> None:
    """`le="5.0"`, as the exposition writes it."""
    page = REGISTRY.render().body.decode()
    for metric in artisan.described.metrics():
        if not metric.labels.keys() - {"job"}:  # the others have no series before the first event
            for spelt in metric.spelt.values():
                assert f'{metric.name}_bucket{{le="{spelt}"}}' in page


def test_any_project_is_checked_against_its_page() -> None:
    """With the settings that it names."""
    bad = str(CORPUS / "metric-unknown.bad.yml")
    status, output, _ = run("--metrics", str(CORPUS / "metrics.txt"), bad)
    assert status == 1
    assert "No metric `shop_request_total` exists.\n  Did you mean `shop_requests_total`?" in output


def test_without_metrics_the_rest_is_checked() -> None:
    """A misspelt metric may then be another program's."""
    status, output, _ = run("--no-metrics", str(CORPUS / "metric-unknown.bad.yml"))
    assert (status, output) == (0, "Nothing to complain of in 3 expressions of 1 file.\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--no-metrics"], "There is nothing to check"),
        (["--no-metrics", "no.yml"], "no.yml does not exist"),
        (["--metrics", "no.txt", "no.yml"], "no.txt does not exist"),
        (["--metrics", "http://127.0.0.1:1/metrics", "no.yml"], "cannot be reached"),
        ([str(CORPUS.parents[3] / "elsewhere.yml")], "is not of this project"),
        (["--no-metrics", "--config", "no.yml", str(CORPUS / "metric-unknown.bad.yml")], "no.yml does not exist"),
        (["--no-metrics", "--scrape-interval", "soon", "r.yml"], "'soon' is no duration such as 15s or 1m"),
    ],
)
def test_what_cannot_run_says_so_and_exits_2(arguments: list[str], words: str) -> None:
    """In one sentence on the error stream."""
    status, output, complaint = run(*arguments)
    assert (status, output) == (2, "")
    assert words in complaint


def test_the_command_is_installed() -> None:
    """`artisan lint --help` tells the exit statuses."""
    command = [sys.executable, "-m", "artisan", "lint", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert "1 (errors) or 2 (could not run)" in " ".join(told.split())


def test_every_rule_is_documented_with_its_severity_and_a_bad_and_a_good_example() -> None:
    """One section each, and none for a rule that does not exist."""
    sections = dict(re.findall(r"(?ms)^### (\S+)\n(.*?)(?=^##|\Z)", (ROOT / "docs/lint.md").read_text()))
    assert sections.keys() == {rule.id for rule in RULES}
    for rule in RULES:
        assert sections[rule.id].strip().lower().startswith(rule.severity), rule.id
        assert re.search(r"(?m)^bad:", sections[rule.id]), rule.id
        assert re.search(r"(?m)^good:", sections[rule.id]), rule.id
