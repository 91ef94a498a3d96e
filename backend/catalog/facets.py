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


def passes(record: Record, asked: Understanding, relaxed: Collection[str] = ()) -> bool:
    """Whether a record fits every facet that excludes others, but for the relaxed ones.

    Those are the kind, the state, the material of what has materials, and the month of a fair. Places and crafts only
    raise a record.
    """
    return (
        ("kind" in relaxed or asked.kind in (None, record.kind))
        and ("state" in relaxed or asked.state is None or _in_reach(record, asked.state))
        and ("material" in relaxed or asked.kind != "supplier" or _has_material(record, asked))
        and ("month" in relaxed or asked.kind != "fair" or asked.month is None or asked.month in record.months)
    )


def fit(record: Record, asked: Understanding) -> float:
    """The sum of the grades of a record; of those that a query for a kind alone fits, each has the same."""
    grades = (grade(record, asked) for grade in (material_grade, craft_grade, place_grade, month_grade))
    return sum(grades) or float(asked.facets_only and asked.kind == record.kind)


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
    return 0.25 if record.craft == MIXED else 0.0


def place_grade(record: Record, asked: Understanding) -> float:
    """1 in the very place, ½ in the state, ¼ in a state next to it."""
    if asked.place is not None and asked.place in places_of(record):
        return 1.0
    if asked.state is None:
        return 0.0
    if record.state == asked.state:
        return 0.5
    return 0.25 if _in_reach(record, asked.state) or touches(record.state, asked.state) else 0.0


def month_grade(record: Record, asked: Understanding) -> float:
    """1 for a fair of that month alone, nearly ½ for one that is held all year."""
    if asked.month not in record.months:
        return 0.0
    return (1 + 1 / len(record.months)) / 2


def _in_reach(record: Record, state: str) -> bool:
    return record.state == state or (state == "Delhi" and record.district in DELHI_REGION)


def _has_material(record: Record, asked: Understanding) -> bool:
    return asked.material is None or material_grade(record, asked) > 0
