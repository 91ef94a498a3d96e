"""The dashboards use no more of Grafana than artisan/dashboards/subset.json declares; a console can draw that."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .boards import BOARDS, each_board, panels, variables
from .conftest import ROOT

SUBSET: dict[str, Any] = json.loads((ROOT / "artisan/dashboards/subset.json").read_text())
Board = dict[str, Any]


def used(board: Board) -> Iterator[tuple[str, Any]]:
    """(list of the subset, name) of all that a dashboard uses."""
    yield from (("panels", panel["type"]) for panel in board["panels"])
    yield from (("variables", variable["type"]) for variable in board["templating"]["list"])
    yield from (("variableQueries", variable["query"]["query"].partition("(")[0]) for variable in variables(board))
    own = {variable["name"] for variable in board["templating"]["list"]}
    text = json.dumps(board).replace("$__all", "")
    names = set(re.findall(r"\$\{?([a-z_]\w*)", text)) - own - {"__field"}
    yield from (("globals", name) for name in names)
    for panel in panels(board):
        yield from _used_by_panel(panel)


def _used_by_panel(panel: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    defaults = panel["fieldConfig"]["defaults"]
    yield "datasources", panel["datasource"]["type"]
    yield "units", defaults["unit"]
    yield "thresholdModes", defaults.get("thresholds", {"mode": "absolute"})["mode"]
    yield from (("queryFormats", target.get("format", "time_series")) for target in panel["targets"])
    yield from (("mappings", mapping["type"]) for mapping in defaults.get("mappings", []))
    yield from (("transformations", step["id"]) for step in panel.get("transformations", []))
    yield from (("reducers", name) for name in panel["options"].get("reduceOptions", {}).get("calcs", []))
    yield from (("legendCalcs", name) for name in panel["options"].get("legend", {}).get("calcs", []))
    for override in panel["fieldConfig"]["overrides"]:
        yield "overrideMatchers", override["matcher"]["id"]
        for change in override["properties"]:
            yield "overrideProperties", change["id"]
            if change["id"] == "unit":
                yield "units", change["value"]


def outside(board: Board) -> set[tuple[str, Any]]:
    """What a dashboard uses and the subset does not have."""
    return {(group, name) for group, name in used(board) if name not in SUBSET[group]}


@each_board
def test_a_dashboard_stays_inside_the_subset(board: Board) -> None:
    """Of a schema that is declared, too."""
    assert outside(board) == set()
    assert board["schemaVersion"] == SUBSET["schemaVersion"]


def test_the_subset_declares_nothing_that_is_not_used() -> None:
    """A console need not draw what nobody shows."""
    seen = {pair for board in BOARDS.values() for pair in used(board)}
    for group, names in SUBSET.items():
        if group != "schemaVersion":
            assert set(names) == {name for kind, name in seen if kind == group}, group


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda board: board["panels"][1].update(type="gauge"), ("panels", "gauge")),
        (lambda board: board["templating"]["list"][0].update(type="interval"), ("variables", "interval")),
        (lambda board: board["panels"][1].update(transformations=[{"id": "merge"}]), ("transformations", "merge")),
        (lambda board: board["panels"][1]["targets"][0].update(expr="x[$__interval]"), ("globals", "__interval")),
        (lambda board: board["panels"][1]["fieldConfig"]["defaults"].update(unit="m"), ("units", "m")),
    ],
)
def test_what_is_outside_is_noticed(change: Callable[[Board], None], found: tuple[str, str]) -> None:
    """So that the tests above can fail."""
    board = copy.deepcopy(BOARDS["artisan-overview"])
    change(board)
    assert found in outside(board)
