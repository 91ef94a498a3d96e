"""The kinds of panel that our dashboards are made of.

`light` and `tiles` say how things stand, `graph` and `timeline` how they went, `listing` names them. A console draws
the same dashboards, so they use no more of Grafana than subset.json declares.

Units are Grafana's: `s`, `bytes`, `reqps`, `percentunit` (1 is 100 %), `short`. Widths are columns of 24.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from grafana_foundation_sdk.builders import common, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardSpecialValueMapOptions,
    DataSourceRef,
    DynamicConfigValue,
    SpecialValueMap,
    SpecialValueMatch,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from .limits import Limit, thresholds
from .links import board_link, signals

Panel = stat.Panel | statetimeline.Panel | table.Panel | timeseries.Panel

# The datasource is a variable of the dashboard, so that one file works in every Grafana.
DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")

# A ratio or a quantile of no events is NaN: that is rest, not failure.
IDLE = SpecialValueMap(
    DashboardSpecialValueMapOptions(
        match=SpecialValueMatch.NULL_AND_NAN, result=ValueMappingResult(text="idle", color="blue")
    )
)

# The words for `queries.dependency_state`, coloured as `limits.STATES`.
STATES = {"-1": ("NOT WANTED", "blue"), "0": ("DOWN", "red"), "1": ("UP", "green")}


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression and the name of its series in the legend, `{{label}}` standing for a label's value."""

    expr: str
    legend: str = ""


def words(values: dict[str, tuple[str, str]]) -> ValueMap:
    """Show these values as (word, colour)."""
    return ValueMap({value: ValueMappingResult(text=text, color=color) for value, (text, color) in values.items()})


def light(
    title: str,
    description: str,
    query: Query,
    *,
    unit: str = "short",
    limits: Sequence[Limit] = (),
    mappings: Sequence[ValueMapping] = (IDLE,),
    decimals: float | None = None,
    width: int = 4,
    height: int = 3,
    show_legend: bool = False,
    leads_to: str = "",
) -> stat.Panel:
    """One present value on a background that tells its state; `show_legend` shows the name of the series instead.

    `leads_to` is the uid of the dashboard that shows more of the same.
    """
    panel = _stat(title, description, query, limits).span(width).height(height).unit(unit).mappings(list(mappings))
    panel.text_mode(BigValueTextMode.NAME if show_legend else BigValueTextMode.VALUE)
    if decimals is not None:
        panel.decimals(decimals)
    return panel.data_links([board_link("Show more", leads_to)]) if leads_to else panel


def tiles(
    title: str,
    description: str,
    query: Query,
    *,
    unit: str,
    width: int,
    height: int = 6,
    limits: Sequence[Limit] = (),
    decimals: float = 1,
) -> stat.Panel:
    """One present value for each series, one below the other, with its name."""
    panel = _stat(title, description, query, limits).span(width).height(height).unit(unit).decimals(decimals)
    return panel.mappings([IDLE]).text_mode(BigValueTextMode.VALUE_AND_NAME).orientation(VizOrientation.HORIZONTAL)


def graph(
    title: str,
    description: str,
    *queries: Query,
    unit: str,
    width: int = 8,
    limits: Sequence[Limit] = (),
    leads_to: str = "",
    least: float | None = 0,
) -> timeseries.Panel:
    """Values over time, with the limits drawn as dashed lines. `$__rate_interval` spans at least four minutes.

    `leads_to` is the label by which the logs and traces of a series are found; `least` is where the axis begins.
    """
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .span(width)
        .height(8)
        .unit(unit)
        .interval("1m")  # finer steps would leave too few events in each for a ratio or a quantile
        .fill_opacity(10)
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
        .legend(_legend().display_mode(LegendDisplayMode.TABLE).calcs(["lastNotNull", "max"]))
    )
    for ref_id, query in zip(ascii_uppercase, queries, strict=False):
        panel.with_target(_over_time(query).ref_id(ref_id))
    if least is not None:
        panel.min(least)
    if leads_to:
        panel.data_links(list(signals(leads_to)))
    if limits:
        dashed = common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        panel.thresholds(thresholds(limits)).thresholds_style(dashed)
    return panel


def timeline(
    title: str, description: str, query: Query, states: dict[str, tuple[str, str]], *, width: int
) -> statetimeline.Panel:
    """The states that each series went through, as coloured bars; `states` as for `words`."""
    return (
        statetimeline.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .span(width)
        .height(8)
        .unit("short")
        .interval("15s")
        .mappings([words(states)])
        .show_value(VisibilityMode.NEVER)
        .fill_opacity(80)
        .line_width(0)
        .legend(_legend().display_mode(LegendDisplayMode.LIST).calcs([]))
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.SINGLE).sort(SortOrder.NONE))
        .with_target(_over_time(query).ref_id("A"))
    )


def listing(
    title: str,
    description: str,
    query: Query,
    *,
    columns: Mapping[str, Sequence[DynamicConfigValue]],
    width: int,
    height: int,
    empty: str,
    order: common.TableSortByFieldState,
) -> table.Panel:
    """One line for each series, its labels and its value as columns; `columns` says how some of them differ."""
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .span(width)
        .height(height)
        .unit("string")
        .no_value(empty)
        .sort_by([order])
        .with_target(prometheus.Dataquery().expr(query.expr).format(PromQueryFormat.TABLE).instant().ref_id("A"))
        .override_by_name("Time", [DynamicConfigValue("custom.hidden", value=True)])
    )
    for name, properties in columns.items():
        panel.override_by_name(name, list(properties))
    return panel


def _stat(title: str, description: str, query: Query, limits: Sequence[Limit]) -> stat.Panel:
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .no_value("no data")
        .graph_mode(BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.BACKGROUND if limits else BigValueColorMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .with_target(prometheus.Dataquery().expr(query.expr).legend_format(query.legend).instant().ref_id("A"))
    )
    return panel.thresholds(thresholds(limits)) if limits else panel


def _over_time(query: Query) -> prometheus.Dataquery:
    target = prometheus.Dataquery().expr(query.expr).legend_format(query.legend).range()
    # An observation of a histogram can carry the trace that it came from.
    return target.exemplar(exemplar=True) if "_bucket{" in query.expr else target


def _legend() -> common.VizLegendOptions:
    return common.VizLegendOptions().placement(LegendPlacement.BOTTOM).show_legend(True)
