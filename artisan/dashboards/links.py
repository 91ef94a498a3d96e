"""Where a panel leads to: another dashboard, or the logs and traces of what it shows.

Logs and traces open in Grafana's Explore, in the data sources with the uids `loki` and `tempo`, over the time that the
panel shows. The stack that is shipped here has neither; docs/dashboards.md says what these links need.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import quote

from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.models.dashboard import DashboardLinkType

TAG = "artisan-hub"
SERVICE = "artisan-backend"

# Label of a metric: the key of the same thing in a log line, and in a span by OpenTelemetry's names.
_LOG_KEYS = {"endpoint": "endpoint", "agent_type": "agent_type", "provider": "provider", "tool_name": "tool"}
_SPAN_KEYS = {
    "endpoint": "span.http.route",
    "agent_type": "span.gen_ai.agent.name",
    "provider": "span.gen_ai.provider.name",
    "tool_name": "span.gen_ai.tool.name",
}
_VARIABLE = re.compile(r"(\$\{[^}]*\})")


def board_link(title: str, uid: str) -> DashboardLink:
    """To another of our dashboards, with the same time and the same Prometheus."""
    return _link(title, f"/d/{uid}?${{__url_time_range}}&${{datasource:queryparam}}").target_blank(False)


def navigation() -> list[DashboardLink]:
    """What stands at the top of each dashboard: the other dashboards, and all logs and traces."""
    others = DashboardLink("Artisan Hub").type(DashboardLinkType.DASHBOARDS).tags([TAG])
    return [others.keep_time(True).include_vars(True).as_dropdown(False), _logs({}), _traces({})]


def signals(label: str) -> list[DashboardLink]:
    """To the logs and traces of the one series that is clicked on, by its `label`."""
    value = f"${{__field.labels.{label}}}"
    return [_logs({_LOG_KEYS[label]: value}), _traces({_SPAN_KEYS[label]: value})]


def _logs(fields: Mapping[str, str]) -> DashboardLink:
    filters = "".join(f' | {key}="{value}"' for key, value in fields.items())
    query = {"refId": "A", "expr": f'{{service_name="{SERVICE}"}} | json{filters}'}
    return _link("Logs", _explore("loki", query)).tooltip("Needs a Loki data source")


def _traces(fields: Mapping[str, str]) -> DashboardLink:
    filters = "".join(f' && {key}="{value}"' for key, value in fields.items())
    query = {"refId": "A", "queryType": "traceql", "query": f'{{resource.service.name="{SERVICE}"{filters}}}'}
    return _link("Traces", _explore("tempo", query)).tooltip("Needs a Tempo data source")


def _link(title: str, url: str) -> DashboardLink:
    return DashboardLink(title).type(DashboardLinkType.LINK).url(url).target_blank(True)


def _explore(datasource: str, query: dict[str, str]) -> str:
    pane = {
        "datasource": datasource,
        "queries": [{**query, "datasource": {"type": datasource, "uid": datasource}}],
        "range": {"from": "${__from}", "to": "${__to}"},
    }
    panes = json.dumps({"a": pane}, separators=(",", ":"))
    # Grafana fills in the variables before the browser reads the address, so they alone stay as they are.
    parts = [part if _VARIABLE.fullmatch(part) else quote(part, safe="") for part in _VARIABLE.split(panes)]
    return f"/explore?schemaVersion=1&panes={''.join(parts)}"
