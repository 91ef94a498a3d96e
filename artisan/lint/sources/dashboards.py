"""Grafana's dashboards as JSON, schema 1 (`panels` at the top), as Grafana 5 and later export them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from artisan.lint.documents import Broken, mapping, mappings
from artisan.lint.query import Kind, Query, query
from artisan.lint.text import Position, Source, Text

_OLDEST_SCHEMA = 16
_LEGEND_LABEL = re.compile(r"\{\{\s*([a-zA-Z_]\w*)\s*\}\}")
_LABEL_VALUES = re.compile(
    r"\s*label_values\(\s*(?:(?P<selector>.*\S)\s*,\s*)?(?P<label>[a-zA-Z_]\w*)\s*\)\s*$", re.DOTALL
)
_QUERY_RESULT = re.compile(r"\s*query_result\((?P<expression>.*)\)\s*$", re.DOTALL)


@dataclass(frozen=True, eq=False)
class Panel:
    """A panel as it is drawn. `place` is its title, or for want of one the nearest text.

    `thresholds` are the numbers at which a colour begins; `shown` tells for each query the unit of its values, None
    where none is set; `datasources` are those of its targets.
    """

    title: str
    place: Text
    type: Text
    description: str
    thresholds: tuple[float, ...]
    shown: tuple[tuple[Query, Text | None], ...]
    datasources: tuple[Datasource, ...]
    raw: Mapping[str, Any]

    @property
    def queries(self) -> tuple[Query, ...]:
        """What it asks."""
        return tuple(query for query, _ in self.shown)


@dataclass(frozen=True, slots=True)
class Datasource:
    """Where a target asks: the type of the source, and its uid, which may be a variable."""

    type: str
    uid: str


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable of a dashboard; `query` is None when it asks for no series."""

    name: Text
    type: Text
    query: Query | None
    call: str
    """The function by which it asks, such as label_values."""


@dataclass(frozen=True)
class Dashboard:
    """What a dashboard shows."""

    source: Source
    title: Text | None
    panels: tuple[Panel, ...]
    variables: tuple[Variable, ...]
    annotations: tuple[Query, ...]
    inputs: tuple[str, ...]
    """What Grafana asks for when it imports the dashboard, such as DS_PROMETHEUS."""

    @property
    def queries(self) -> Iterator[Query]:
        """Every expression that it asks."""
        for panel in self.panels:
            yield from panel.queries
        yield from (variable.query for variable in self.variables if variable.query)
        yield from self.annotations


def read_dashboard(source: Source, document: Any) -> Dashboard:
    """From a parsed document; raises Broken when it is no dashboard of this schema."""
    if (refused := _refused(document)) is not None:
        raise Broken(source, Position(1, 1), *refused)
    panels = tuple(_panel(source, raw) for raw in _flat(document["panels"]))
    variables = tuple(_variables(document))
    listed = mappings(mapping(document.get("annotations")).get("list"))
    annotations = (
        query(entry["expr"], Kind.PANEL, entry.get("name") or "annotation")
        for entry in listed
        if isinstance(entry.get("expr"), Text) and _asks_prometheus(entry)
    )
    inputs = tuple(str(entry.get("name")) for entry in mappings(document.get("__inputs")))
    return Dashboard(source, _text(document.get("title")), panels, variables, tuple(annotations), inputs)


def _refused(document: Any) -> tuple[str, str] | None:  # noqa: PLR0911 - a sentence for each kind
    """Why a document is no dashboard that can be read: what, and what to do."""
    if not isinstance(document, dict):
        return "This is no dashboard: the file holds no object.", "Export the dashboard's JSON model."
    version = str(document.get("apiVersion") or "")
    if version.startswith("dashboard.grafana.app/v2") or "elements" in mapping(document.get("spec")):
        return "This is a dashboard of Grafana's schema 2.", "Export it as a classic (V1) model."
    if version.startswith("dashboard.grafana.app"):
        return "This is a dashboard inside a Kubernetes object.", "Give what stands below `spec`."
    if version or document.get("kind") in {"ConfigMap", "GrafanaDashboard"}:
        return (
            f"This is a Kubernetes {document.get('kind') or 'object'}.",
            "Give the dashboard inside it as a file of its own.",
        )
    if isinstance(document.get("dashboard"), dict):
        return "This is an answer of Grafana's API.", "Give what stands below `dashboard`."
    schema = document.get("schemaVersion")
    if isinstance(document.get("rows"), list) or (isinstance(schema, int) and schema < _OLDEST_SCHEMA):
        return "This dashboard is of a schema from before Grafana 5.", "Open it in Grafana and export it anew."
    if not isinstance(document.get("panels"), list):
        return "This is no dashboard: it has no list `panels`.", "Export the dashboard's JSON model."
    return None


def _flat(panels: list[Any]) -> Iterator[Mapping[str, Any]]:
    """Panels in their order, those of a folded row after it; what a library panel shows stands elsewhere."""
    for panel in mappings(panels):
        if panel.get("libraryPanel") and not panel.get("type"):
            continue
        yield panel
        if panel.get("type") == "row":
            yield from mappings(panel.get("panels"))


def _panel(source: Source, raw: Mapping[str, Any]) -> Panel:
    if not isinstance(raw.get("type"), Text):
        raise Broken(source, Position(1, 1), "A panel of this dashboard has no `type`.", "Export it anew from Grafana.")
    title = raw.get("title")
    place = title if isinstance(title, Text) and title else raw["type"]
    field = mapping(mapping(raw.get("fieldConfig")).get("defaults"))
    targets = mappings(raw.get("targets"))
    return Panel(
        title=str(title or "").strip(),
        place=place,
        type=raw["type"],
        description=str(raw.get("description") or "").strip(),
        thresholds=tuple(_thresholds(raw, field)),
        shown=tuple(_shown(raw, targets, place)),
        datasources=tuple(_datasource(target.get("datasource") or raw.get("datasource")) for target in targets),
        raw=raw,
    )


def _thresholds(raw: Mapping[str, Any], field: Mapping[str, Any]) -> Iterator[float]:
    """The numbers at which a colour that is shown begins."""
    thresholds = mapping(field.get("thresholds"))
    style = mapping(mapping(field.get("custom")).get("thresholdsStyle")).get("mode", "off")
    if thresholds.get("mode", "absolute") != "absolute" or (raw["type"] == "timeseries" and style == "off"):
        return
    values = [step.get("value") for step in mappings(thresholds.get("steps"))]
    if values == [None, 80]:  # Grafana's own default, which nobody chose
        return
    yield from (float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool))


def _shown(raw: Mapping[str, Any], targets: list[Any], place: Text) -> Iterator[tuple[Query, Text | None]]:
    """Each query with the unit that its values are shown in."""
    config = mapping(raw.get("fieldConfig"))
    usual = _text(mapping(config.get("defaults")).get("unit"))
    overrides = dict(_unit_overrides(config))
    for target in targets:
        expression = target.get("expr")
        if not isinstance(expression, Text) or not expression.strip() or not _asks_prometheus(target, raw):
            continue
        legend = _text(target.get("legendFormat"))
        found = _LEGEND_LABEL.finditer(legend) if legend else ()
        uses = tuple((label[1], legend.part(label.start(), label.end())) for label in found if legend)
        names = (str(legend or ""), f"Value #{target.get('refId')}", str(target.get("refId")))
        unit = next((overrides[name] for name in names if name in overrides), usual)
        yield query(expression, Kind.PANEL, place, uses=uses), unit


def _unit_overrides(config: Mapping[str, Any]) -> Iterator[tuple[str, Text]]:
    """The units of single fields, by the name of the field or of the query."""
    for override in mappings(config.get("overrides")):
        name = mapping(override.get("matcher")).get("options")
        for entry in mappings(override.get("properties")):
            if entry.get("id") == "unit" and isinstance(name, str) and (unit := _text(entry.get("value"))):
                yield name, unit


def _text(value: Any) -> Text | None:
    return value if isinstance(value, Text) and value else None


def _datasource(found: Any) -> Datasource:
    if isinstance(found, dict):
        return Datasource(str(found.get("type") or ""), str(found.get("uid") or ""))
    return Datasource("", str(found or ""))


def _asks_prometheus(*holders: Mapping[str, Any]) -> bool:
    """Whether the nearest data source that is named is a Prometheus; one without a type is taken for one."""
    found = [_datasource(holder["datasource"]) for holder in holders if holder.get("datasource")]
    return not found or found[0].type in {"", "prometheus", "datasource"}


def _variables(document: Mapping[str, Any]) -> Iterator[Variable]:
    for raw in mappings(mapping(document.get("templating")).get("list")):
        if isinstance(raw.get("name"), Text) and isinstance(raw.get("type"), Text):
            asked = raw.get("query") if raw["type"] == "query" and _asks_prometheus(raw) else None
            asked = asked.get("query") if isinstance(asked, dict) else asked
            call = re.match(r"\s*(\w+)\(", asked) if isinstance(asked, Text) else None
            yield Variable(raw["name"], raw["type"], _variable_query(raw["name"], asked), call[1] if call else "")


def _variable_query(name: Text, asked: Any) -> Query | None:
    if not isinstance(asked, Text):
        return None
    if (found := _LABEL_VALUES.match(asked)) and found["selector"]:
        label = asked.part(*found.span("label"))
        uses = ((str(label), label),)
        return query(asked.part(*found.span("selector")), Kind.VARIABLE, name, uses=uses)
    if found := _QUERY_RESULT.match(asked):
        return query(asked.part(*found.span("expression")), Kind.VARIABLE, name)
    return None
