"""The rules of the catalogue's data file, `backend/catalog/data/records.csv`."""

from __future__ import annotations

import calendar
import csv
import io
import re
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "backend" / "catalog" / "data"
RAW = (DATA / "records.csv").read_bytes()
ROWS = list(csv.DictReader(io.StringIO(RAW.decode("utf-8"), newline="")))

COLUMNS = [
    "key", "kind", "name", "craft", "materials", "place", "district", "state", "gi_year", "gi_application", "months",
    "description", "website", "sources",
]  # fmt: skip
REQUIRED = ("key", "kind", "name", "craft", "place", "state", "description", "sources")
KINDS = {"craft", "fair", "institution", "supplier"}
CRAFTS = {
    "basketry", "carpet", "embroidery", "glass", "jewellery", "lac", "leather", "metalwork", "mixed", "painting",
    "paper", "pottery", "printing-dyeing", "stone", "toys", "weaving", "woodwork",
}  # fmt: skip
MONTHS = list(calendar.month_name)[1:]
STATES = {
    "Andaman and Nicobar Islands", "Andhra Pradesh", "Arunachal Pradesh", "Assam", "Bihar", "Chandigarh",
    "Chhattisgarh", "Dadra and Nagar Haveli and Daman and Diu", "Delhi", "Goa", "Gujarat", "Haryana",
    "Himachal Pradesh", "Jammu and Kashmir", "Jharkhand", "Karnataka", "Kerala", "Ladakh", "Lakshadweep",
    "Madhya Pradesh", "Maharashtra", "Manipur", "Meghalaya", "Mizoram", "Nagaland", "Odisha", "Puducherry", "Punjab",
    "Rajasthan", "Sikkim", "Tamil Nadu", "Telangana", "Tripura", "Uttar Pradesh", "Uttarakhand", "West Bengal",
}  # fmt: skip
PERSONAL = {
    "e-mail": re.compile(r"\S@\S"),
    "phone": re.compile(r"\+\d{2}|\b0\d{2,4}[- ]\d{6,8}\b|\b[6-9]\d{9}\b|\b[6-9]\d{4}[- ]\d{5}\b"),
    "honorific": re.compile(r"\b(?:Mr|Mrs|Ms|Shri|Smt|Dr|Prof)\b\.?\s"),
}

each_record = pytest.mark.parametrize("row", ROWS, ids=lambda row: row["key"])


def listed(cell: str) -> list[str]:
    """The items of a `;`-separated cell."""
    return cell.split(";") if cell else []


def spelling(term: str) -> str:
    """A term without word order, hyphens and plural endings: two spellings of one thing come out equal."""
    return " ".join(sorted(word.removesuffix("s") for word in re.split(r"[ -]", term)))


def test_file_is_canonical_csv() -> None:
    """The file is UTF-8 with LF line ends and minimal RFC 4180 quoting: a diff shows only what changed."""
    canonical = io.StringIO(newline="")
    writer = csv.DictWriter(canonical, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(ROWS)
    assert canonical.getvalue().encode() == RAW


def test_order_is_kind_then_key() -> None:
    """Records stand in one order, and no key occurs twice."""
    order = [(row["kind"], row["key"]) for row in ROWS]
    assert order == sorted(order)
    assert len({row["key"] for row in ROWS}) == len(ROWS)


@each_record
def test_text_is_clean(row: dict[str, str]) -> None:
    """Cells hold plain composed text: no control characters, no stray spaces, no personal data."""
    for column, cell in row.items():
        assert cell == " ".join(cell.split()) == unicodedata.normalize("NFC", cell), column
        assert not any(unicodedata.category(char).startswith("C") for char in cell), column
        assert [what for what, pattern in PERSONAL.items() if pattern.search(cell)] == [], column


@each_record
def test_cells_are_of_their_kind(row: dict[str, str]) -> None:
    """What must be there is there, and closed vocabularies are kept."""
    assert [column for column in REQUIRED if not row[column]] == []
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row["key"])
    assert row["kind"] in KINDS
    assert row["craft"] in CRAFTS
    assert row["state"] in STATES
    assert re.fullmatch(r"(https?://[a-z0-9.-]+\.[a-z]+(/\S*)?)?", row["website"])
    assert 60 <= len(row["description"]) <= 400
    assert row["description"].endswith(".")


@each_record
def test_kind_decides_what_is_filled(row: dict[str, str]) -> None:
    """Fairs and only they have months; crafts and suppliers and only they have materials; only crafts have GI facts."""
    assert bool(row["months"]) == (row["kind"] == "fair")
    assert bool(row["materials"]) == (row["kind"] in {"craft", "supplier"})
    if row["kind"] != "craft":
        assert row["gi_year"] == row["gi_application"] == ""
    # The register opened in September 2003; its first registrations are of 2004.
    assert re.fullmatch(r"(20(0[4-9]|1\d|2[0-6]))?", row["gi_year"])
    assert re.fullmatch(r"([1-9]\d{0,3})?", row["gi_application"])


@each_record
def test_lists_survive_splitting(row: dict[str, str]) -> None:
    """A list splits at `;` into trimmed, distinct, whole items."""
    for column in ("materials", "months", "sources"):
        items = listed(row[column])
        assert len(set(items)) == len(items), column
        for item in items:
            assert item, column
            assert item == item.strip(), column
            assert item.count("(") == item.count(")"), f"{column}: a bracket was split: {item}"
    assert set(listed(row["months"])) <= set(MONTHS)
    assert all(re.fullmatch(r"[a-z]+([ -][a-z]+)*", item) for item in listed(row["materials"]))


def test_a_material_has_one_spelling() -> None:
    """Search filters by material: no two terms may differ by plural, hyphen or word order alone."""
    spellings = defaultdict(set)
    for term in {item for row in ROWS for item in listed(row["materials"])}:
        spellings[spelling(term)].add(term)
    assert [terms for terms in spellings.values() if len(terms) > 1] == []


@pytest.mark.parametrize("column", ["name", "gi_application", "description"])
def test_values_that_name_one_record_are_unique(column: str) -> None:
    """A name, an application number and a description each belong to one record."""
    seen = Counter(row[column] for row in ROWS if row[column])
    assert [value for value, count in seen.items() if count > 1] == []


def test_a_district_lies_in_one_state() -> None:
    """The same district is never put into two states."""
    states = defaultdict(set)
    for row in ROWS:
        if row["district"]:
            states[row["district"]].add(row["state"])
    assert {district: found for district, found in states.items() if len(found) > 1} == {}


def test_readme_counts_are_true() -> None:
    """The README beside the data tells the true number of records, in all and of each kind."""
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    assert f"{len(ROWS)} records" in readme
    for kind, count in Counter(row["kind"] for row in ROWS).items():
        assert f"| {kind} | {count} |" in readme
