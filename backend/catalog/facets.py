"""How well a record fits each facet of an understood query, from 0 (not at all) to 1 (exactly)."""

from __future__ import annotations

from collections.abc import Collection

from .geography import DELHI_REGION, touches
from .records import MIXED, Record
from .understanding import Understanding
from .vocabulary import places_of
from .words import phrase

# Words that tell the form of a material and not what it is: "cotton yarn" is nearer to cotton cloth than to silk yarn.
_FORMS = frozenset(
    phrase("yarn thread cloth wire fibre powder paste natural raw wood sheet dye coloured white broken waste")
)
# The public bodies among the suppliers deliver to every state.
_PUBLIC_BODIES = frozenset({"board", "commission", "corporation"})


def passes(record: Record, asked: Understanding, relaxed: Collection[str] = ()) -> bool:
    """Whether a record fits every facet that excludes others, but for the relaxed ones.

    Those are the kind, the state, the material of a supplier, the month or season of a fair and the craft of an
    institution. Places, and crafts otherwise, only raise a record.
    """
    return (
        ("kind" in relaxed or asked.kind in (None, record.kind))
        and ("state" in relaxed or asked.state is None or _in_reach(record, asked))
        and ("material" in relaxed or asked.kind != "supplier" or _has_material(record, asked))
        and (
            "month" in relaxed
            or "season" in relaxed
            or asked.kind != "fair"
            or not asked.months
            or _is_held(record, asked)
        )
        and (
            "craft" in relaxed
            or asked.kind != "institution"
            or asked.craft in (None, record.craft)
            or _serves_all(record)
        )
    )


def fit(record: Record, asked: Understanding) -> float:
    """The sum of the grades of a record; its kind counts where no other word does, and for fairs, which serve all."""
    grades = (grade(record, asked) for grade in (material_grade, craft_grade, place_grade, month_grade))
    by_kind = asked.kind == record.kind and (asked.facets_only or asked.kind == "fair")
    return sum(grades) + by_kind / 2


def material_grade(record: Record, asked: Understanding) -> float:
    """1 for the material itself, ½ for one of the same substance."""
    if asked.material is None:
        return 0.0
    wanted = set(phrase(asked.material))
    offered = [set(phrase(material)) for material in record.materials]
    if any(wanted <= words for words in offered):
        return 1.0
    substance = wanted - _FORMS
    return 0.5 if any(substance & words for words in offered) else 0.0


def craft_grade(record: Record, asked: Understanding) -> float:
    """1 for the craft itself, ¼ for what serves all crafts."""
    if asked.craft is None:
        return 0.0
    if record.craft == asked.craft:
        return 1.0
    return 0.25 if _serves_all(record) else 0.0


def place_grade(record: Record, asked: Understanding) -> float:
    """1 in the very place, ½ in the state or from a public body that delivers there, ¼ in a state next to it."""
    if asked.place is not None and asked.place in places_of(record):
        return 1.0
    if asked.state is None:
        return 0.0
    if record.state == asked.state or (record.kind == "supplier" and _PUBLIC_BODIES & set(phrase(record.name))):
        return 0.5
    return 0.25 if _in_reach(record, asked) or touches(record.state, asked.state) else 0.0


def month_grade(record: Record, asked: Understanding) -> float:
    """1 for a fair of that month or season alone, nearly ½ for one that is held all year."""
    if not _is_held(record, asked):
        return 0.0
    if set(record.months) <= set(asked.months):
        return 1.0
    return (1 + 1 / len(record.months)) / 2


def _in_reach(record: Record, asked: Understanding) -> bool:
    around_delhi = asked.near and asked.state == "Delhi" and record.district in DELHI_REGION
    return record.state == asked.state or around_delhi


def _is_held(record: Record, asked: Understanding) -> bool:
    return not set(asked.months).isdisjoint(record.months)


def _serves_all(record: Record) -> bool:
    return record.craft == MIXED


def _has_material(record: Record, asked: Understanding) -> bool:
    return asked.material is None or material_grade(record, asked) > 0
