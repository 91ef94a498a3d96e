"""What a check is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from artisan.doctor.finding import Finding
from artisan.doctor.patient import Patient


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the doctor looks at; docs/doctor.md has a section named by its id.

    `needs` names the fields of Settings that it looks at: where one of them cannot be read, neither can this be looked
    at. `examine` changes nothing, and raises Skipped where there is nothing to look at.
    """

    id: str
    examine: Callable[[Patient], AsyncIterator[Finding]]
    needs: tuple[str, ...] = ()
