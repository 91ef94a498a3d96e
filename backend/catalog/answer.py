"""A short answer by template: every name in it comes from a record that it cites."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .facets import material_grade, passes
from .records import Record
from .results import Hit
from .seasons import FEASTS, SEASONS
from .understanding import Understanding

_CITED = 3
_CLOSE_TO_BEST = 0.75  # a hit with less than this share of the best score is not cited
_SURE = 0.6  # with a lower score than this, the best hit is only the closest entry
_SURE_BY = frozenset({"text", "name", "month"})  # and so is one that was found by no word, date or material

_TRY = "Try a material, a craft, a place or a month"
_NO_FIGURES = " The catalogue has neither prices nor telephone numbers."


def compose_answer(asked: Understanding, hits: Sequence[Hit], relaxed: Collection[str] = ()) -> str | None:
    """One to three sentences about the best hits; they say what had to be let go, and when nothing fits."""
    if not hits:
        return _nothing(asked)
    cited = _cited(hits)
    opening = _opening(asked, cited, relaxed, sure=_sure(asked, hits[0]))
    return f"{opening} {_list([_mention(record) for record in cited])}.{_advice(asked, cited)}"


def _nothing(asked: Understanding) -> str:
    if asked == Understanding():
        return f"The catalogue reads English only, and found nothing to look for. {_TRY}, in Latin letters."
    if asked.kind == "supplier" and asked.material:
        return f"The catalogue has {_missing(asked)}. {_TRY}."
    return f"The catalogue has nothing that fits. {_TRY}."


def _sure(asked: Understanding, best: Hit) -> bool:
    supplied = asked.kind == "supplier" and material_grade(best.record, asked) == 1
    return best.score >= _SURE and (asked.facets_only or supplied or not _SURE_BY.isdisjoint(best.matched))


def _cited(hits: Sequence[Hit]) -> list[Record]:
    least = hits[0].score * _CLOSE_TO_BEST
    return [hit.record for hit in hits[:_CITED] if hit.score >= least and hit.record.kind == hits[0].record.kind]


def _opening(asked: Understanding, cited: Sequence[Record], relaxed: Collection[str], *, sure: bool) -> str:
    one = len(cited) == 1
    # A facet may be let go for the sake of a better hit, and one that fits every facet still be cited behind it.
    lacking = not any(passes(record, asked) for record in cited)
    told = "kind" not in relaxed or (asked.kind == "supplier" and asked.material)
    if relaxed and told and lacking:
        return f"The catalogue has {_missing(asked, relaxed)}; the closest it has:"
    if relaxed or not sure:
        return "The closest entry in the catalogue:" if one else "The closest entries in the catalogue:"
    return {
        "supplier": "A source to try:" if one else "Sources to try:",
        "fair": "A fair that fits:" if one else "Fairs that fit:",
        "institution": "An institution to ask:" if one else "Institutions to ask:",
    }.get(cited[0].kind, "A craft that fits:" if one else "Crafts that fit:")


def _missing(asked: Understanding, relaxed: Collection[str] = ()) -> str:
    """What the catalogue does not have, in its own words: "no supplier of raw silk in Goa", or of no state at all."""
    if asked.kind == "supplier":
        what = f"no supplier of {asked.material}" if asked.material else "no such supplier"
    elif asked.kind == "fair":
        when = asked.month or asked.season
        what = ("no fair" if asked.facets_only else "no such fair") + (f" {_at(when)}" if when else "")
    else:
        what = f"no such {asked.kind}" if asked.kind else "nothing like it"
    return f"{what} in {asked.state}" if asked.state and "material" not in relaxed else what


def _mention(record: Record) -> str:
    """A record with its whereabouts, and with what matters most about its kind."""
    place = "" if record.place in record.name else record.place
    state = "" if place.endswith(record.state) or record.state in record.name else record.state
    where = ", ".join(part for part in (place, state) if part)
    named = f"{record.name} ({where})" if where else record.name
    if record.kind == "fair":
        return f"{named}, usually {_months(record.months)}"
    if record.gi_year is not None:
        return f"{named}, a geographical indication since {record.gi_year}"
    return named


def _months(months: Sequence[str]) -> str:
    return "all year round" if len(months) == 12 else f"in {_list(list(months), ', ')}"


def _at(when: str) -> str:
    if when in FEASTS:
        return f"around {when}"
    return f"in the {when}" if when in SEASONS else f"in {when}"


def _advice(asked: Understanding, cited: Sequence[Record]) -> str:
    dates = " Dates move from year to year: check them before you go." if cited[0].kind == "fair" else ""
    return dates + (_NO_FIGURES if asked.figures else "")


def _list(items: Sequence[str], separator: str = "; ") -> str:
    if len(items) == 1:
        return items[0]
    return f"{separator.join(items[:-1])}{';' if separator == '; ' else ''} and {items[-1]}"
