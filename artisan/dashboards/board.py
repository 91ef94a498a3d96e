"""What all our dashboards have in common: their variables, their links, the alerts marked on their graphs."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog import builder
from grafana_foundation_sdk.models.dashboard import (
    AnnotationQuery,
    DashboardCursorSync,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from .links import TAG, navigation
from .panels import DATASOURCE, Panel
from .queries import JOB

Rows = Sequence[tuple[str, Sequence[Panel]]]


def board(
    uid: str, title: str, description: str, *, variables: Sequence[dashboard.QueryVariable], rows: Rows
) -> dashboard.Dashboard:
    """A dashboard of rows with panels from left to right; ids are given in the order of reading."""
    made = (
        dashboard.Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([TAG])
        .time("now-1h", "now")
        .refresh("10s")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .links(list(navigation()))
        .annotations([_Alerts("critical", "red"), _Alerts("warning", "orange")])
    )
    source = dashboard.DatasourceVariable("datasource").label("Prometheus").type("prometheus")
    for variable in (source, *variables):
        made.with_variable(_Plain(variable))
    number = 0
    for name, panels in rows:
        number += 1
        made.with_row(dashboard.Row(name).id(number))
        for panel in panels:
            number += 1
            made.with_panel(panel.id(number))
    return made


def choice(name: str, label: str, series: str, description: str) -> dashboard.QueryVariable:
    """A variable over the values that the label `name` has in `series`; some, or all of them."""
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .description(description)
        .datasource(DATASOURCE)
        .query({"query": f"label_values({series}, {name})", "refId": "A"})
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        # Everything there is, not what there was when the list was last read.
        .all_value(".*")
        .current(VariableOption(text="All", value="$__all"))
    )


def instance() -> dashboard.QueryVariable:
    """The backends that graphs show."""
    description = "Which backends the graphs show. The lights speak of all, as the alerts do."
    return choice("instance", "Backend", f"up{{{JOB}}}", description)


class _Plain(builder.Builder[VariableModel]):
    """A variable without the fields of interval variables, which the SDK writes to every kind."""

    def __init__(self, inner: builder.Builder[VariableModel]) -> None:
        self._inner = inner

    def build(self) -> VariableModel:
        model = self._inner.build()
        model.auto = model.auto_count = model.auto_min = None
        return model


class _Alerts(builder.Builder[AnnotationQuery]):
    """Marks on every graph when an alert of this severity fired."""

    def __init__(self, severity: str, color: str) -> None:
        self._severity, self._color = severity, color

    def build(self) -> AnnotationQuery:
        return _PrometheusAnnotation(
            name=f"Alerts, {self._severity}",
            datasource=DATASOURCE,
            icon_color=self._color,
            expr=f'max by (alertname) (ALERTS{{alertstate="firing", severity="{self._severity}"}})',
        )


class _PrometheusAnnotation(AnnotationQuery):
    """With the fields that Grafana's Prometheus data source reads beside those of every annotation."""

    def to_json(self) -> dict[str, object]:
        return {**super().to_json(), "titleFormat": "{{alertname}}", "tagKeys": "alertname", "step": "15s"}
