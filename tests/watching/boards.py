"""The dashboards as the tests read them: their panels, their queries, their variables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import pytest

from artisan.dashboards import render_all

BOARDS: dict[str, dict[str, Any]] = {PurePath(path).stem: json.loads(text) for path, text in render_all().items()}

each_board = pytest.mark.parametrize("board", [pytest.param(board, id=uid) for uid, board in BOARDS.items()])


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    """All that show something."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def targets() -> Iterator[tuple[str, dict[str, Any]]]:
    """(dashboard and panel, target) of every query."""
    for uid, board in BOARDS.items():
        for panel in panels(board):
            for target in panel["targets"]:
                yield f"{uid}: {panel['title']}", target


def variables(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that choose among values of a label."""
    return [variable for variable in board["templating"]["list"] if variable["type"] == "query"]


def plain(expression: str) -> str:
    """An expression as Grafana sends it when All is chosen everywhere."""
    for name, value in {"__rate_interval": "4m", "__range": "1h"}.items():
        expression = expression.replace(f"${name}", value)
    return re.sub(r"\$[a-z]\w*", ".*", expression)
