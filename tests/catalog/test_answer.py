"""The short answer: nothing in it that is not in the records it cites."""

from __future__ import annotations

import re

import pytest

from backend.catalog import Hit, Record, Understanding, compose_answer
from backend.catalog.seasons import MONTHS

from .conftest import Library
from .test_questions import QUESTIONS

# Capitalised words that belong to the templates.
TEMPLATE = {"The", "A", "An", "Sources", "Fairs", "Institutions", "Crafts", "Dates", "Try"}


def record(name: str = "Blue Fair", kind: str = "fair", **changes: object) -> Record:
    """A record for an answer."""
    values = dict.fromkeys(Record.__dataclass_fields__, "") | {
        "key": name.lower().replace(" ", "-"),
        "kind": kind,
        "name": name,
        "place": "Pur",
        "state": "Goa",
        "materials": (),
        "months": ("March",) if kind == "fair" else (),
        "sources": (),
        "gi_year": None,
    }
    return Record(**(values | changes))  # type: ignore[arg-type]


def hit(record: Record, score: float = 1.0) -> Hit:
    """A hit by text."""
    return Hit(record, score, ("text",))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["question"])
def test_every_name_comes_from_a_record_or_the_query(library: Library, question: dict[str, str]) -> None:
    """Each capitalised word of an answer is the template's, a record's, or a facet that was asked for."""
    result = library.run(library.catalogue.search(question["question"]))
    assert result.answer is not None
    cited = [hit.record for hit in result.hits if hit.record.name in result.answer]
    assert cited
    known = " ".join([*(f"{r.name} {r.place} {r.state} {' '.join(r.months)}" for r in cited)])
    known += " ".join(result.understanding.facets.values())
    assert {word for word in re.findall(r"\b[A-Z]\w*", result.answer) if word not in known} <= TEMPLATE


def test_a_fair_is_told_with_its_usual_months_and_a_warning() -> None:
    """Dates move, so the answer says "usually" and asks to check."""
    answer = compose_answer(Understanding(kind="fair"), [hit(record(months=("March", "April")))])
    assert answer is not None
    assert "Blue Fair (Pur, Goa), usually in March and April." in answer
    assert "check" in answer


def test_a_fair_of_all_months_is_all_year_round() -> None:
    """Twelve months are not listed."""
    answer = compose_answer(Understanding(), [hit(record(months=MONTHS))])
    assert answer is not None
    assert "all year round" in answer


def test_nothing_is_told_as_nothing() -> None:
    """Without hits the answer says so and invents none."""
    assert compose_answer(Understanding(text="x"), []) == (
        "The catalogue has nothing that fits. Try a material, a craft, a place or a month."
    )


def test_a_material_that_nobody_supplies_is_named() -> None:
    """Without hits for a material, the answer tells what is missing."""
    asked = Understanding(kind="supplier", material="enamel", text="enamel")
    assert compose_answer(asked, []) == (
        "The catalogue has no supplier of enamel. Try a material, a craft, a place or a month."
    )


def test_a_material_let_go_is_missing_everywhere() -> None:
    """When the material was let go with the state, the answer does not suggest that another state has it."""
    asked = Understanding(kind="supplier", material="wax", state="Goa")
    answer = compose_answer(asked, [hit(record("Brass Market", "supplier", state="Assam"))], ("state", "material"))
    assert answer == "The catalogue has no supplier of wax; the closest it has: Brass Market (Pur, Assam)."


def test_a_feast_is_not_a_month() -> None:
    """Fairs are held in a season, but around a feast."""
    asked = Understanding(kind="fair", state="Goa", season="Diwali", facets_only=True)
    answer = compose_answer(asked, [hit(record(state="Assam"))], ("state",))
    assert answer is not None
    assert answer.startswith("The catalogue has no fair around Diwali in Goa;")


def test_what_the_catalogue_does_not_hold_is_told() -> None:
    """Who asks for a price or a telephone number learns that there is none."""
    answer = compose_answer(Understanding(figures=True), [hit(record("Silk Market", "supplier"))])
    assert answer == "A source to try: Silk Market (Pur, Goa). The catalogue has neither prices nor telephone numbers."


def test_what_was_found_by_likeness_alone_is_only_the_closest() -> None:
    """Without a word, name or date in common, a high score is not sold as an answer."""
    answer = compose_answer(Understanding(), [Hit(record("Silk Market", "supplier"), 1.0, ("vector", "facets"))])
    assert answer == "The closest entry in the catalogue: Silk Market (Pur, Goa)."


def test_who_supplies_the_very_material_is_a_source() -> None:
    """Whatever else the query says, a supplier of what it needs is an answer."""
    asked = Understanding(kind="supplier", material="silk")
    hits = [Hit(record("Silk Market", "supplier", materials=("raw silk",)), 1.0, ("vector", "facets"))]
    assert compose_answer(asked, hits) == "A source to try: Silk Market (Pur, Goa)."


def test_what_was_let_go_is_told() -> None:
    """When a state was let go, the answer says that there is nothing in it."""
    asked = Understanding(kind="supplier", material="raw silk", state="Goa")
    answer = compose_answer(asked, [hit(record("Silk Market", "supplier", state="Assam"))], ("state",))
    assert answer == ("The catalogue has no supplier of raw silk in Goa; the closest it has: Silk Market (Pur, Assam).")


@pytest.mark.parametrize("asked", [{"state": "Goa"}, {"month": "March"}, {"state": "Goa", "month": "March"}])
def test_nothing_is_told_to_be_missing_that_is_cited(asked: dict[str, str]) -> None:
    """A facet that was let go for a better hit is not said to have none, when a worse hit has it."""
    hits = [hit(record(state="Assam", months=("May",))), hit(record("Red Fair"), 0.9)]
    answer = compose_answer(Understanding(kind="fair", **asked), hits, tuple(asked))  # type: ignore[arg-type]
    assert answer is not None
    assert answer.startswith("The closest entries in the catalogue: Blue Fair (Pur, Assam)")


def test_a_missing_month_is_told_of_a_state_that_has_other_months() -> None:
    """What was let go is the month, so the state may be that of the hits."""
    asked = Understanding(kind="fair", state="Goa", month="May", facets_only=True)
    answer = compose_answer(asked, [hit(record())], ("month",))
    assert answer is not None
    assert answer.startswith("The catalogue has no fair in May in Goa; the closest it has: Blue Fair (Pur, Goa)")


@pytest.mark.parametrize(
    ("kind", "opening"),
    [
        ("supplier", "A source to try:"),
        ("fair", "A fair that fits:"),
        ("institution", "An institution to ask:"),
        ("craft", "A craft that fits:"),
    ],
)
def test_a_single_hit_is_told_in_the_singular(kind: str, opening: str) -> None:
    """One record is not announced as several."""
    answer = compose_answer(Understanding(), [hit(record(kind=kind))])
    assert answer is not None
    assert answer.startswith(f"{opening} Blue Fair (Pur, Goa)")


def test_an_unsure_hit_is_only_the_closest() -> None:
    """A low score is not sold as an answer."""
    answer = compose_answer(Understanding(), [hit(record("Silk Market", "supplier"), 0.3)])
    assert answer == "The closest entry in the catalogue: Silk Market (Pur, Goa)."


def test_what_is_far_behind_the_best_is_not_cited() -> None:
    """At most three records are named, all of one kind and nearly as good as the first."""
    hits = [
        hit(record("One", "supplier"), 1.0),
        hit(record("Other Kind", "craft"), 0.99),
        hit(record("Two", "supplier"), 0.9),
        hit(record("Far Behind", "supplier"), 0.4),
    ]
    assert compose_answer(Understanding(), hits) == "Sources to try: One (Pur, Goa); and Two (Pur, Goa)."
