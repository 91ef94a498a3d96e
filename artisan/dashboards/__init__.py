"""The Grafana dashboards, written in Python and committed as the JSON that Grafana loads.

`subset.json` declares how much of Grafana they use: panel types, variables, units and so on, each by its name there.
"""

from __future__ import annotations

import json

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from .agents import agents
from .inside import inside
from .objectives import objectives
from .overview import overview

__all__ = ["render_all"]

_FOLDER = "monitoring/grafana/dashboards"


def render_all() -> dict[str, str]:
    """The JSON of every dashboard by its path in the repository; keys are sorted, so that a diff shows what changed."""
    boards = (make().build() for make in (overview, agents, objectives, inside))
    return {
        f"{_FOLDER}/{board.uid}.json": json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False)
        + "\n"
        for board in boards
    }
