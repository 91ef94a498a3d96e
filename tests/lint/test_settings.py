"""Settings, manifests and durations that are not of the form that was expected end in a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from artisan.cli.lint import lint as command
from artisan.lint import Unreadable, seconds

from .conftest import CORPUS, Check, ids, rule_file

app = typer.Typer()
app.command()(command)


@pytest.mark.parametrize(("text", "length"), [("15s", 15), ("1m30s", 90), ("1d12h", 129600), ("500ms", 0.5)])
def test_a_duration_is_read_as_prometheus_reads_it(text: str, length: float) -> None:
    """Units from the longest to the shortest."""
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["-1.5", "-15s", "0s", "", "15", "1s1m", "s", "1e9s", "['1m']"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Of the command line by the command line's own words."""
    with pytest.raises(ValueError, match="is none"):
        seconds(text)
    told = CliRunner().invoke(app, [f"--scrape-interval={text}"])
    assert told.exit_code == 2
    assert "is no duration such as 15s" in " ".join(told.output.split())


def test_a_subset_of_anything_but_texts_is_shown_as_it_is(check: Check) -> None:
    """A number in it allows nothing, and is no reason to fall over."""
    board = (CORPUS / "dashboard-subset.bad.json").read_text()
    report = check({"d.json": board, "subset.json": json.dumps({"panels": [1, {}], "units": [None]}),
                    "lint.yml": "subset: subset.json"}, paths=[Path("d.json")])  # fmt: skip
    assert "Use one of: 1, {}; or extend the subset." in {finding.todo for finding in report.findings}


@pytest.mark.parametrize("limit", ["{soft: 1g}", "[1g]", "5 apples", "1.2.3g"])
def test_a_limit_that_is_no_amount_of_memory_stops_the_run(check: Check, limit: str) -> None:
    """With the file and the line where it stands."""
    files = {
        "r.yml": rule_file("up"),
        "compose.yml": f"services:\n  shop:\n    mem_limit: {limit}\n",
        "lint.yml": "ceilings: [{metric: shop_memory_bytes, limit: {file: compose.yml, container: shop}}]",
    }
    with pytest.raises(Unreadable, match=r"^compose\.yml:3: .* is no amount of memory"):
        check(files, paths=[Path("r.yml")])


def test_a_relabelling_to_anything_but_a_name_is_read(check: Check) -> None:
    """Prometheus will say what is wrong with it."""
    config = "scrape_configs: [{job_name: a, relabel_configs: [{target_label: [x]}]}]"
    files = {"r.yml": rule_file("up"), "prometheus.yml": config, "lint.yml": "prometheus: prometheus.yml"}
    assert ids(check(files, paths=[Path("r.yml")])) == []
