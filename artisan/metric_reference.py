"""`docs/metrics.md`, made from the catalogue of metrics."""

from __future__ import annotations

import backend.core.monitoring.metrics.catalogue  # noqa: F401 - declares them
from backend.core.monitoring.metrics import REGISTRY, Description

_HEAD = """# Metrics

Made from `backend/core/monitoring/metrics/catalogue.py` by `make docs`: edit the catalogue, not this page.

The page `/monitoring/metrics` shows these, and beside them whatever is registered in `prometheus_client.REGISTRY`
(`process_*`, `python_*`, your own). How they are meant to be read stands in [the guide](guide.md).

| metric | type | labels | what it counts |
|---|---|---|---|
"""
_EDGES = """
## Edges of the histograms

A quantile can only be told up to the last finite edge, and between two edges it is interpolated. So every threshold of
an alert is an edge with another one above it.

| histogram | edges |
|---|---|
"""


def metric_reference() -> str:
    """The page as Markdown."""
    entries = REGISTRY.descriptions()
    rows = "".join(_row(entry) for entry in entries)
    edges = "".join(f"| `{e.name}` | {' '.join(f'{edge:g}' for edge in e.buckets)} |\n" for e in entries if e.buckets)
    return _HEAD + rows + _EDGES + edges


def _row(entry: Description) -> str:
    labels = ", ".join(f"`{label}`" for label in entry.labels) or "–"
    return f"| `{entry.name}` | {entry.type} | {labels} | {entry.help} |\n"
