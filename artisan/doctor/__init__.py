"""`artisan doctor`: looks at what the service needs and at what watches it, and changes none of it.

`checks/` has one file for each thing that is looked at, `examine` runs them all, `report` shows what they found.
"""

from .check import Check
from .checks import CHECKS
from .examine import Diagnosis, Outcome, examine
from .finding import Finding, Harm, Skipped
from .patient import Patient, admitted
from .report import as_json, show

__all__ = [
    "CHECKS",
    "Check",
    "Diagnosis",
    "Finding",
    "Harm",
    "Outcome",
    "Patient",
    "Skipped",
    "admitted",
    "as_json",
    "examine",
    "show",
]
