"""The two kinds of panel that our dashboards are made of: a light that says how things stand, and a graph over time.

Units are Grafana's: `s`, `bytes`, `reqps`, `percentunit` (1 is 100 %), `short`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import common, prometheus, stat, timeseries
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardSpecialValueMapOptions,
    DataSourceRef,
    SpecialValueMap,
    SpecialValueMatch,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
)

# The datasource is a variable of the dashboard, so that one file works in every Grafana.
DATASOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")

# A ratio or a quantile of no events is NaN: that is rest, not failure.
IDLE = SpecialValueMap(
    DashboardSpecialValueMapOptions(
        match=SpecialValueMatch.NULL_AND_NAN, result=ValueMappingResult(text="idle", color="blue")
    )
)


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression and the name of its series in the legend, `{{label}}` standing for a label's value."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """The value at which a panel changes its colour: `bad_above`, or below it when `bad_above` is false."""

    value: float
    color: str = "red"
    bad_above: bool = True

    def thresholds(self) -> ThresholdsConfig:
        """Grafana's form: the colour of the lowest values first, then where the next begins."""
        below, above = ("green", self.color) if self.bad_above else (self.color, "green")
        steps = [Threshold(value=None, color=below), Threshold(value=self.value, color=above)]
        return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def words(values: dict[str, tuple[str, str]]) -> ValueMap:
    """Show these values as (word, colour)."""
    return ValueMap({value: ValueMappingResult(text=text, color=color) for value, (text, color) in values.items()})


def light(
    title: str,
    description: str,
    query: Query,
    *,
    unit: str = "short",
    limit: Limit | None = None,
    mappings: Sequence[ValueMapping] = (IDLE,),
    decimals: float | None = None,
    show_legend: bool = False,
) -> stat.Panel:
    """One present value on a background that tells its state; `show_legend` shows the name of the series instead."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .span(4)
        .height(3)
        .unit(unit)
        .mappings(list(mappings))
        .no_value("no data")
        .graph_mode(BigValueGraphMode.NONE)
        .color_mode(BigValueColorMode.NONE if limit is None else BigValueColorMode.BACKGROUND)
        .text_mode(BigValueTextMode.NAME if show_legend else BigValueTextMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .with_target(prometheus.Dataquery().expr(query.expr).legend_format(query.legend).instant().ref_id("A"))
    )
    if decimals is not None:
        panel.decimals(decimals)
    return panel if limit is None else panel.thresholds(limit.thresholds())


def graph(
    title: str, description: str, *queries: Query, unit: str, width: int = 8, limit: Limit | None = None
) -> timeseries.Panel:
    """Values over time, with the limit drawn as a dashed line. `$__rate_interval` spans at least four minutes."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .span(width)
        .height(8)
        .unit(unit)
        .min(0)
        .interval("1m")  # finer steps would leave too few events in each for a ratio or a quantile
        .fill_opacity(10)
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.TABLE)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(["lastNotNull", "max"])
        )
    )
    for ref_id, query in zip("ABCDEFGH", queries, strict=False):
        panel.with_target(prometheus.Dataquery().expr(query.expr).legend_format(query.legend).range().ref_id(ref_id))
    if limit is not None:
        dashed = common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        panel.thresholds(limit.thresholds()).thresholds_style(dashed)
    return panel
