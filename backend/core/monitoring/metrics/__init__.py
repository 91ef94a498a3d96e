"""Declaring, recording and showing metrics."""

from .description import Description
from .exemplars import Trace
from .instruments import Counter, Gauge, Histogram, Info
from .recording import Recording
from .registry import REGISTRY, Exposition, Registry, render_metrics

__all__ = [
    "REGISTRY",
    "Counter",
    "Description",
    "Exposition",
    "Gauge",
    "Histogram",
    "Info",
    "Recording",
    "Registry",
    "Trace",
    "render_metrics",
]
