"""The contract check: rules, dashboards, objectives and documents against a description of the metrics they ask for.

It knows no metric of its own and nothing of this project: `Order` says what to look at, `lint` gives a `Report`.
"""

from .config import Ceiling
from .documents import Unreadable
from .finding import Finding, Rule, Severity
from .metrics import Metric, unit_of
from .metrics_page import read_page
from .report import FORMATS, Report
from .run import RULES, Order, lint
from .scraping import seconds

__all__ = [
    "FORMATS",
    "RULES",
    "Ceiling",
    "Finding",
    "Metric",
    "Order",
    "Report",
    "Rule",
    "Severity",
    "Unreadable",
    "lint",
    "read_page",
    "seconds",
    "unit_of",
]
