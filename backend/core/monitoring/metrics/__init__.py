"""Declaring, recording and showing metrics."""

from .instruments import Counter, Gauge, Histogram, Info
from .registry import REGISTRY, Description, Exposition, Registry, render_metrics

__all__ = [
    "REGISTRY",
    "Counter",
    "Description",
    "Exposition",
    "Gauge",
    "Histogram",
    "Info",
    "Registry",
    "render_metrics",
]
