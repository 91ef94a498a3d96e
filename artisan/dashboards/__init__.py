"""The Grafana dashboards, written in Python and committed as the JSON that Grafana loads."""

from __future__ import annotations

import json

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from .overview import overview

__all__ = ["render_all"]


def render_all() -> dict[str, str]:
    """The JSON of every dashboard by its path in the repository; keys are sorted, so that a diff shows what changed."""
    dashboards = {"monitoring/grafana/dashboards/artisan-overview.json": overview().build()}
    return {
        path: json.dumps(dashboard, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for path, dashboard in dashboards.items()
    }
