"""What a panel paints red or orange is what an alert rings at; and an alert is seen where it sends its reader."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from promql_parser import BinaryExpr, Expr, NumberLiteral, ParenExpr, parse, walk

from .boards import BOARDS, panels
from .conftest import ROOT

RULES: dict[str, list[dict[str, Any]]] = {}
for path in sorted((ROOT / "monitoring/alerts").glob("*.yml")):
    for group in yaml.safe_load(path.read_text())["groups"]:
        for rule in group["rules"]:
            RULES.setdefault(rule["alert"], []).append(rule)

LIGHTS = {
    f"{uid}: {panel['title']}": panel
    for uid, board in BOARDS.items()
    for panel in panels(board)
    if panel["type"] == "stat"
}
_COLOURS = {"critical": "red", "warning": "orange"}


def alerts_of(panel: dict[str, Any]) -> list[str]:
    """The alerts that a light stands for, by its description."""
    return re.findall(r"Alert: (\w+)", panel["description"])


def thresholds(expression: str) -> set[float]:
    """The numbers that an expression compares with; above or equal to 0 begins at 1, for a count and for a state."""
    found: set[float] = set()

    def visit(node: Expr) -> bool:
        if isinstance(node, BinaryExpr) and str(node.op) in {">", "<", ">=", "<=", "=="}:
            number = constant(node.rhs)
            if number is not None:
                found.add(number or 1.0)
        return True

    walk(parse(expression), visit)
    return found


def constant(node: Expr) -> float | None:
    """The value of an expression of numbers alone."""
    match node:
        case NumberLiteral():
            return node.val
        case ParenExpr():
            return constant(node.expr)
        case BinaryExpr():
            sides = constant(node.lhs), constant(node.rhs)
            if None in sides:
                return None
            left, right = (float(side or 0) for side in sides)
            return left * right if str(node.op) == "*" else left**right
    return None


def test_a_threshold_is_read_from_an_expression() -> None:
    """So that the tests below cannot pass by reading nothing."""
    assert thresholds("a > 4 * 1024 ^ 3 and b >= 3 or up == 0") == {4 * 1024**3, 3, 1}
    assert thresholds("vector(1)") == set()


def test_each_alert_has_a_light() -> None:
    """An alert that no light shows comes out of nowhere, and a light must not name one that does not exist."""
    assert {alert for panel in LIGHTS.values() for alert in alerts_of(panel)} == set(RULES)


@pytest.mark.parametrize("name", [name for name, panel in LIGHTS.items() if set(alerts_of(panel)) - {"Watchdog"}])
def test_a_light_changes_colour_where_its_alerts_ring(name: str) -> None:
    """At the same value, in the colour of their severity."""
    steps = {
        (step["value"], step["color"])
        for step in LIGHTS[name]["fieldConfig"]["defaults"]["thresholds"]["steps"]
        if step["value"] is not None
    }
    values = {value for value, _ in steps}
    colours = {step["color"] for step in LIGHTS[name]["fieldConfig"]["defaults"]["thresholds"]["steps"]}
    for alert in alerts_of(LIGHTS[name]):
        for rule in RULES[alert]:
            assert values & thresholds(rule["expr"]), f"{alert} does not ring at {values}"
            assert _COLOURS[rule["labels"]["severity"]] in colours


@pytest.mark.parametrize(
    ("uid", "panel"),
    [
        pytest.param(uid, panel, id=f"{uid}: {panel['title']}")
        for uid, board in BOARDS.items()
        for panel in panels(board)
        if panel["type"] == "timeseries" and "thresholds" in panel["fieldConfig"]["defaults"]
    ],
)
def test_a_line_in_a_graph_is_the_limit_of_the_alert_that_it_names(uid: str, panel: dict[str, Any]) -> None:
    """Or the end of an error budget, which needs no alert to be bad."""
    steps = {step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]} - {None}
    named = [alert for alert in RULES if alert in panel["description"]]
    known = {value for alert in named for rule in RULES[alert] for value in thresholds(rule["expr"])}
    assert steps <= known or panel["title"] == "Error budget left", uid


@pytest.mark.parametrize("alert", sorted(RULES))
def test_an_alert_sends_its_reader_to_a_dashboard_that_speaks_of_it(alert: str) -> None:
    """Whoever follows the link of a mail sees the light or the line of that alert."""
    for rule in RULES[alert]:
        uid = rule["annotations"]["dashboard"].rpartition("/")[2]
        assert any(alert in panel["description"] for panel in panels(BOARDS[uid])), f"{uid} says nothing of {alert}"
