"""Service level objectives: a declaration in YAML becomes recording rules and burn-rate alerts for Prometheus.

Independent of this service: a declaration counts whatever events its queries count. docs/slo.md tells how it is read
and why the rules are as they are.
"""

from .declaration import Declaration, Slo
from .nodes import DeclarationError
from .reading import read
from .rule_files import render

__all__ = ["Declaration", "DeclarationError", "Slo", "read", "render"]
