"""What the catalogue holds: one record for each craft, supplier, fair or institution."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import RowMapping

KINDS: Final = ("craft", "supplier", "fair", "institution")
MIXED: Final = "mixed"  # the craft of a record that serves every craft


@dataclass(frozen=True, slots=True)
class Record:
    """One entry; an empty district, year, application or website means that it is not known for sure."""

    key: str
    kind: str
    name: str
    craft: str
    materials: tuple[str, ...]
    place: str
    district: str
    state: str
    months: tuple[str, ...]  # the usual months of a fair, full English names; empty for other kinds
    gi_year: int | None
    gi_application: str | None
    description: str
    website: str | None
    sources: tuple[str, ...]

    @property
    def text(self) -> str:
        """The record in one paragraph: what its embedding is made of."""
        about = (self.name, self.craft, ", ".join(self.materials), f"{self.place}, {self.state}", self.description)
        return ". ".join(part for part in about if part)

    def as_row(self) -> dict[str, Any]:
        """The values of its row in the table `records`."""
        row = asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()}

    @classmethod
    def from_row(cls, row: RowMapping) -> Record:
        """The record of a row of the table `records`."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
        }
        return cls(**values)


def parse_csv(content: bytes) -> tuple[Record, ...]:
    """The records of a data file (UTF-8, RFC 4180, `;` in lists); raises KeyError or ValueError on a malformed one."""
    return tuple(_record(row) for row in csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


def _record(row: dict[str, str]) -> Record:
    return Record(
        key=row["key"],
        kind=row["kind"],
        name=row["name"],
        craft=row["craft"],
        materials=_items(row["materials"]),
        place=row["place"],
        district=row["district"],
        state=row["state"],
        months=_items(row["months"]),
        gi_year=int(row["gi_year"]) if row["gi_year"] else None,
        gi_application=row["gi_application"] or None,
        description=row["description"],
        website=row["website"] or None,
        sources=_items(row["sources"]),
    )


def _items(cell: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in cell.split(";") if item.strip())
