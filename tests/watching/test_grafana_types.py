"""Grafana's own types accept the dashboards, and refuse what Grafana would silently ignore.

Where no Grafana can be started, its types are what it says of itself: grafana_types/grafana.ts puts them together, each
dashboard becomes a literal of that type, and TypeScript reads them. A literal may have no field that its type lacks.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .boards import BOARDS
from .conftest import ROOT

HERE = Path(__file__).parent / "grafana_types"
PROGRAMS = Path(sys.executable).parent
# Without a network the answer is the same after a minute of trying.
_HURRY = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000")
Board = dict[str, Any]


def panel(board: Board, kind: str) -> Board:
    """The first panel of a kind."""
    found: Board = next(panel for panel in board["panels"] if panel["type"] == kind)
    return found


def defaults(board: Board, kind: str) -> Board:
    """The field options of the first panel of a kind."""
    found: Board = panel(board, kind)["fieldConfig"]["defaults"]
    return found


WRONG: dict[str, Callable[[Board], object]] = {
    "a misspelt field of a dashboard": lambda b: b.update(titles="x"),
    "a misspelt field of a panel": lambda b: panel(b, "stat").update(descriptions="x"),
    "a misspelt option of a light": lambda b: panel(b, "stat")["options"].update(colourMode="none"),
    "a value that an option does not have": lambda b: panel(b, "stat")["options"].update(colorMode="back"),
    "an option that is missing": lambda b: panel(b, "stat")["options"].pop("colorMode"),
    "an option of another kind of panel": lambda b: panel(b, "table")["options"].update(textMode="value"),
    "a misspelt option of a graph": lambda b: defaults(b, "timeseries")["custom"].update(filOpacity=10),
    "an option of the wrong type": lambda b: defaults(b, "timeseries")["custom"].update(fillOpacity="10"),
    "a misspelt option of a legend": lambda b: panel(b, "timeseries")["options"]["legend"].update(calc=[]),
    "a misspelt option of a timeline": lambda b: panel(b, "state-timeline")["options"].update(rowsHeight=1),
    "a misspelt field of a query": lambda b: panel(b, "timeseries")["targets"][0].update(legend="x"),
    "a field of a query of the wrong type": lambda b: panel(b, "timeseries")["targets"][0].update(exemplar="yes"),
    "a query without its expression": lambda b: panel(b, "stat")["targets"][0].pop("expr"),
    "a kind of panel that nobody draws": lambda b: panel(b, "stat").update(type="gauge"),
    "a kind of threshold that there is not": lambda b: defaults(b, "stat")["thresholds"].update(mode="relative"),
    "a misspelt field of a mapping": lambda b: defaults(b, "stat")["mappings"][0].update(option={}),
    "a misspelt field of a data link": lambda b: defaults(b, "timeseries")["links"][0].update(uri="x"),
    "a misspelt field of an override": lambda b: panel(b, "table")["fieldConfig"]["overrides"][0].update(property=[]),
    "a misspelt field of a variable": lambda b: b["templating"]["list"][0].update(multiple=True),
    "a way to sort that there is not": lambda b: b["templating"]["list"][1].update(sort=11),
    "a misspelt field of a link": lambda b: b["links"][0].update(tag=[]),
    "a misspelt field of an annotation": lambda b: b["annotations"]["list"][0].update(iconColour="red"),
}


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """What package-lock.json names, installed once for each content of that file; skipped without a way to get it."""
    folder = ROOT / ".artisan" / "npm"
    lock = (HERE / "package-lock.json").read_text()
    installed = folder / "installed"
    if not installed.is_file() or installed.read_text() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(HERE / name, folder)
        _install(folder)
        installed.write_text(lock)
    return folder / "node_modules"


def _install(folder: Path) -> None:
    command = [str(PROGRAMS / "npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", *_HURRY]
    outcome = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if outcome.returncode == 0:
        return
    words = [line.removeprefix("npm error ") for line in outcome.stderr.splitlines() if line.startswith("npm error ")]
    reason = (
        f"npm could not fetch Grafana's types, and without them the dashboards stay unchecked: {' '.join(words[:4])}"
    )
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def complaints(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What TypeScript says of each dashboard, and of each that was made wrong, by its name; one run for all of them."""
    folder = tmp_path_factory.mktemp("grafana_types")
    (folder / "node_modules").symlink_to(node_modules)
    for name in ("grafana.ts", "tsconfig.json"):
        shutil.copy(HERE / name, folder)
    files = {}
    for number, (name, board) in enumerate(_literals()):
        files[f"board{number}.ts"] = name
        text = f"import type {{ Dashboard }} from './grafana';\nexport const board: Dashboard = {json.dumps(board)};\n"
        (folder / f"board{number}.ts").write_text(text)
    compiler = node_modules / "typescript/bin/tsc"
    command = [str(PROGRAMS / "node"), str(compiler), "--project", str(folder), "--pretty", "false"]
    outcome = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    found: dict[str, list[str]] = {name: [] for name in files.values()}
    for line in outcome.stdout.splitlines():
        if not line.startswith(" "):  # what follows a complaint is indented
            found[files[line.partition("(")[0]]].append(line)
    return found


def _literals() -> Iterator[tuple[str, Board]]:
    yield from BOARDS.items()
    # The overview has every kind of panel but this.
    timeline = panel(BOARDS["artisan-inside"], "state-timeline")
    whole = BOARDS["artisan-overview"] | {"panels": [*BOARDS["artisan-overview"]["panels"], timeline]}
    yield "every kind of panel", whole
    for name, change in WRONG.items():
        board = copy.deepcopy(whole)
        change(board)
        yield name, board


@pytest.mark.parametrize("name", [*BOARDS, "every kind of panel"])
def test_grafanas_types_accept(complaints: dict[str, list[str]], name: str) -> None:
    """Every field is one that Grafana knows, and has a value that it can have."""
    assert complaints[name] == []


@pytest.mark.parametrize("name", list(WRONG))
def test_grafanas_types_refuse(complaints: dict[str, list[str]], name: str) -> None:
    """So that the test above can fail, at each depth of a dashboard."""
    assert complaints[name]
    assert all(": error TS" in complaint for complaint in complaints[name])


def test_the_types_are_those_of_the_grafana_that_runs() -> None:
    """Of the version whose image docker-compose.yml names, and for which the SDK was made."""
    image = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["grafana"]["image"]
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]["@grafana/schema"]
    assert image == f"grafana/grafana:{wanted}"


def test_the_lock_names_no_registry() -> None:
    """Everybody fetches from the registry of their own configuration, and checks what comes by its hash."""
    packages = json.loads((HERE / "package-lock.json").read_text())["packages"]
    for name, package in packages.items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")
