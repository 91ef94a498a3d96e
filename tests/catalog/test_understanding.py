"""What is read in a query: every name of a state or place, and no more than stands there."""

from __future__ import annotations

import pytest

from backend.catalog import KINDS, Understanding

from .conftest import Library


@pytest.mark.parametrize(
    ("written", "state"),
    [
        ("weavers in Orissa", "Odisha"),
        ("weavers in ODISHA", "Odisha"),
        ("toys from UP", "Uttar Pradesh"),
        ("toys in up", "Uttar Pradesh"),
        ("toys of U.P.", "Uttar Pradesh"),
        ("how do I set up a loom", None),
        ("shawls J&K", "Jammu and Kashmir"),
        ("shawls of kashmir", "Jammu and Kashmir"),
        ("West Bengal toys", "West Bengal"),
        ("toys of Bengal", "West Bengal"),
        ("Bombay mills", None),
        ("mills in Bombay", "Maharashtra"),
        ("fairs in Pune", "Maharashtra"),
        ("crafts of Pondicherry", "Puducherry"),
        ("weaver in karnatka", "Karnataka"),
    ],
)
def test_a_state_is_known_by_all_its_names(library: Library, written: str, state: str | None) -> None:
    """Old names, short names, cities and a slip of the finger lead to the state; ordinary words do not."""
    assert library.catalogue.understand(written).state == state


@pytest.mark.parametrize(
    ("written", "place", "state"),
    [
        ("potters in Banaras", "Varanasi", "Uttar Pradesh"),
        ("benares silk", "Varanasi", None),
        ("toys near Bangalore", "Bengaluru", "Karnataka"),
        ("leather from Madras", "Chennai", "Tamil Nadu"),
        ("painting of Krishna", None, None),
        ("kalamkari in Krishna", "Krishna", "Andhra Pradesh"),
        ("clay supplier Khurja", "Khurja", "Uttar Pradesh"),
    ],
)
def test_a_place_asked_for_names_its_state_too(
    library: Library, written: str, place: str | None, state: str | None
) -> None:
    """A place after "in" or at the end is asked for; one in passing only raises what is there."""
    understood = library.catalogue.understand(written)
    assert (understood.place, understood.state) == (place, state)


@pytest.mark.parametrize(
    ("written", "month"),
    [
        ("fairs in Sept", "September"),
        ("melas in may", "May"),
        ("where may I buy yarn", None),
        ("FEBRUARY fairs", "February"),
    ],
)
def test_a_month_is_a_month_only_where_it_can_be_one(library: Library, written: str, month: str | None) -> None:
    """ "may" is mostly a verb."""
    assert library.catalogue.understand(written).month == month


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("where to buy yarn", "supplier"),
        ("who sells yarn", "supplier"),
        ("I need yarn", "supplier"),
        ("where can I sell yarn", "fair"),
        ("yarn fair", "fair"),
        ("fair price yarn", "supplier"),
        ("weaving course", "institution"),
        ("emporium where I can sell", "institution"),
        ("who makes brass lamps", "craft"),
        ("brass lamps", None),
    ],
)
def test_the_kind_follows_from_what_one_wants_to_do(library: Library, written: str, kind: str | None) -> None:
    """Buying wishes for suppliers, selling for fairs, learning for institutions, makers for crafts."""
    assert library.catalogue.understand(written).kind == kind


@pytest.mark.parametrize(
    ("written", "season"),
    [
        ("melas in winter", "winter"),
        ("where can I sell in the rainy season", "monsoon"),
        ("fairs at Deepavali", "Diwali"),
        ("winter shawls", None),
        ("clay lamps for Diwali", None),
    ],
)
def test_a_season_is_one_of_fairs(library: Library, written: str, season: str | None) -> None:
    """A season or feast tells when a fair is held; of anything else it tells what it is for."""
    assert library.catalogue.understand(written).season == season


def test_a_season_is_its_months() -> None:
    """A month that is named wins over a season, and without either no months are asked for."""
    assert Understanding(season="winter").months == ("November", "December", "January", "February")
    assert Understanding(season="winter", month="May").months == ("May",)
    assert Understanding().months == ()


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("buyers for my yarn", "fair"),
        ("who can market my toys", "fair"),
        ("yarn market", "supplier"),
        ("cotton yarn Nagaland", "supplier"),
        ("embroidery with gold thread", None),
        ("glass rods for bangle makers", "supplier"),
        ("makers of blocks for printing", "craft"),
    ],
)
def test_the_kind_follows_from_who_would_ask(library: Library, written: str, kind: str | None) -> None:
    """Who has goods looks for buyers, who names a raw form works it, and makers after "for" are the customers."""
    assert library.catalogue.understand(written).kind == kind


@pytest.mark.parametrize(
    ("written", "material"),
    [("where do people paint walls", None), ("paints for walls", "paints"), ("I want to dye silk", "silk")],
)
def test_a_verb_is_no_material(library: Library, written: str, material: str | None) -> None:
    """What somebody does is not what somebody needs."""
    assert library.catalogue.understand(written).material == material


def test_prices_and_telephone_numbers_are_not_looked_for(library: Library) -> None:
    """No record has them, so their words leave the text and the understanding remembers them."""
    for query in ("tussar silk cost per kg", "phone number of a tussar silk dealer"):
        understood = library.catalogue.understand(query)
        assert (understood.text, understood.figures) == ("tussar silk", True)
    assert not library.catalogue.understand("tussar silk dealer").figures


@pytest.mark.parametrize(
    ("written", "near"),
    [("fairs near Delhi", True), ("fairs in NCR", True), ("fairs in Delhi", False), ("near what is Delhi", False)],
)
def test_near_is_more_than_in(library: Library, written: str, near: bool) -> None:
    """Only who asks for what is near a place asks for what lies around it."""
    assert library.catalogue.understand(written).near is near


def test_what_was_recognised_leaves_the_text(library: Library) -> None:
    """Only the words that say what is looked for are searched; materials and crafts are among them."""
    understood = library.catalogue.understand("Where can I buy raw silk for weaving in Karnataka?")
    assert understood.text == "raw silk weaving"
    assert not understood.facets_only


def test_a_query_of_facets_alone_keeps_its_words(library: Library) -> None:
    """When everything was recognised, the text is not emptied, and the query is known to be of facets only."""
    understood = library.catalogue.understand("fairs in November near Delhi")
    assert understood.text == "fairs november delhi"
    assert understood.facets_only


def test_a_query_without_words_is_an_empty_understanding(library: Library) -> None:
    """Nothing is read into nothing."""
    for query in ("", "   ", "?!", "\x00"):
        assert library.catalogue.understand(query) == Understanding()


def test_the_values_come_from_the_vocabulary(library: Library) -> None:
    """Whatever is understood can be looked up in the vocabulary."""
    vocabulary = library.catalogue.vocabulary
    understood = library.catalogue.understand("who sells muga yarn in gauhati in dec for weavers")
    assert understood.kind in KINDS
    assert understood.state in vocabulary.states
    assert understood.place in vocabulary.places
    assert understood.material in vocabulary.materials
    assert understood.craft in vocabulary.crafts
    assert understood.month in vocabulary.months
