"""The objectives of this service, checked against its catalogue of metrics."""

from __future__ import annotations

from pathlib import Path

import backend.core.monitoring.metrics.catalogue  # noqa: F401 - declares them
from backend.core.monitoring.metrics import REGISTRY

from .reading import Edges, read
from .rule_files import render

FILE = Path(__file__).resolve().parents[2] / "monitoring" / "slo.yml"


def edges() -> Edges:
    """The edges of every metric of the service."""
    return {metric.name: metric.buckets for metric in REGISTRY.descriptions()}


def slo_files() -> dict[str, str]:
    """The text of the rule files by their path in the repository; raises DeclarationError."""
    source = f"{FILE.parent.name}/{FILE.name}"
    declaration = read(FILE.read_text(encoding="utf-8"), source, edges())
    return {f"{FILE.parent.name}/{path}": text for path, text in render(declaration, source).items()}
