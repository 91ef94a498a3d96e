"""Questions that craftspeople ask, what must be understood in them, and what must be among the first answers."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from .conftest import Library

FACETS = ("kind", "state", "place", "material", "craft", "month", "season")
RECALL_FLOOR = 0.97
FIRST_FLOOR = 0.9

with (Path(__file__).parent / "questions.csv").open(newline="", encoding="utf-8") as _file:
    QUESTIONS = list(csv.DictReader(_file))


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["question"])
def test_the_facets_of_a_question_are_understood(library: Library, question: dict[str, str]) -> None:
    """A facet that a question names is found, and none is made up."""
    understood = library.catalogue.understand(question["question"])
    assert {facet: getattr(understood, facet) or "" for facet in FACETS} == {facet: question[facet] for facet in FACETS}


def found(library: Library, question: dict[str, str]) -> list[bool]:
    """For each record that a question must find: whether it is among the first."""
    first = library.keys(question["question"])[: int(question["top"])]
    return [key in first for key in question["keys"].split(";")]


def test_nearly_all_that_must_be_found_is_among_the_first(library: Library) -> None:
    """Recall over all questions stays above its floor."""
    outcomes = {question["question"]: found(library, question) for question in QUESTIONS}
    hits = [hit for outcome in outcomes.values() for hit in outcome]
    missed = [question for question, outcome in outcomes.items() if not all(outcome)]
    assert sum(hits) / len(hits) >= RECALL_FLOOR, missed


def test_the_first_answer_is_nearly_always_a_right_one(library: Library) -> None:
    """The best hit is one of the records that the question must find."""
    wrong = [q["question"] for q in QUESTIONS if library.keys(q["question"])[0] not in q["keys"].split(";")]
    assert 1 - len(wrong) / len(QUESTIONS) >= FIRST_FLOOR, wrong
