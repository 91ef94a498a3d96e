"""Which kind of record a query wishes for, from the nouns and verbs that craftspeople use."""

from __future__ import annotations

from dataclasses import dataclass

from .words import Word, phrase


def _phrases(listed: str) -> frozenset[tuple[str, ...]]:
    return frozenset(phrase(term) for term in listed.split(",") if term.strip())


@dataclass(frozen=True, slots=True)
class _Rule:
    """A kind and the phrases that wish for it; singular stands for plural too."""

    kind: str
    phrases: frozenset[tuple[str, ...]]
    unless: frozenset[tuple[str, ...]] = frozenset()
    searched: bool = False  # the phrases also tell one record of the kind from another


# In order: at a fair one registers, buys and learns too, and fairs are where to sell.
_RULES = (
    _Rule(
        "fair",
        _phrases(
            "fair, craft fair, craft mela, craft bazaar, trade fair, trade show, mela, haat, hat, expo, exhibition, "
            "festival, utsav, mahotsav, bazaar, bazar, jatra, event, stall"
        ),
        unless=_phrases("fair price, fair trade, fair wage"),
    ),
    _Rule("institution", _phrases("institute, institution, organisation, organization, agency")),
    _Rule(
        "institution",
        _phrases(
            "training, train, trainer, trained, course, school, college, learn, learning, teach, teaches, teacher, "
            "class, diploma, degree, study, certify, certifies, certification, certificate, certified, register, "
            "registration, registry, gi application, apply for gi, scheme, subsidy, loan, credit, insurance, artisan "
            "card, id card, identity card, pehchan card, council, corporation, emporium, emporia, society, ngo, "
            "association, service centre, service center, design help, design support, testing, test, laboratory, lab, "
            "export, exporter, exporting, museum, office, department, ministry, trademark, protect"
        ),
        searched=True,
    ),
    _Rule(
        "fair",
        _phrases(
            "sell, selling, exhibit, exhibiting, display my, buyer, customer, client, marketing, market my, "
            "market our, market for my, market for our"
        ),
        unless=_phrases("who sells, that sells, which sells, shop selling, sell me"),
    ),
    _Rule(
        "supplier",
        _phrases(
            "buy, buying, purchase, purchasing, supplier, supply, supplied, source, sourcing, procure, procurement, "
            "vendor, dealer, wholesale, wholesaler, trader, material, raw material, who sells, that sells, which "
            "sells, shop selling, sell me, for sale, sold, seller, shop, mandi, depot, price, rate, cost, stockist, "
            "order, bulk"
        ),
    ),
)
_SEEKING = _phrases("need, want, require, looking for, find, get, for a, for my, for our")
_AFTER_MATERIAL = _phrases("for, in, near, from, at")
# Forms that a material has before it is worked: who names one and no craft wants it.
_RAW = _phrases("yarn, thread, wire, fibre, powder, rod, ingot, raw")
_FIGURES = _phrases(
    "price, rate, cost, how much, per kg, per kilo, per metre, phone, phone number, telephone, telephone number, "
    "mobile, mobile number, contact number, whatsapp, whatsapp number"
)
_CRAFT = _phrases(
    "craft, handicraft, art form, cluster, tradition, famous for, known for, speciality, specialty, gi tag, gi tagged, "
    "gi product, made, makes, make, maker, artisan, originate, comes from, what is"
)
_LONGEST = 3

# All words that tell a kind; none of them is a misspelt name.
WISH_WORDS = frozenset(
    word
    for phrases in (*(rule.phrases for rule in _RULES), _SEEKING, _CRAFT, _FIGURES)
    for term in phrases
    for word in term
)


@dataclass(frozen=True, slots=True)
class Wish:
    """The kind that is wished for, if any, and the positions of the words that told no more than that."""

    kind: str | None
    positions: frozenset[int]


def asks_for_figures(words: tuple[Word, ...]) -> frozenset[int]:
    """The positions of the words that ask for prices or telephone numbers."""
    return _positions(tuple(word.singular for word in words), _FIGURES)


def read_kind(words: tuple[Word, ...], *, material_end: int | None, craft: bool, month: bool) -> Wish:
    """The kind that `words` wish for; `material_end` is the position after the material that they name.

    Where no phrase tells it: somebody who needs a material, or names one for something or somewhere ("clay for
    pottery") or in its raw form and no craft, wishes for a supplier, and a month alone wishes for a fair.
    """
    singular = tuple(word.singular for word in words)
    for rule in _RULES:
        if told := _positions(singular, rule.phrases) - _positions(singular, rule.unless):
            return Wish(rule.kind, frozenset() if rule.searched else told)
    customers = singular.index("for") if "for" in singular else len(singular)
    crafted = _positions(singular[:customers], _CRAFT)  # "rods for bangle makers" wishes for no makers
    seeking = _positions(singular, _SEEKING) if material_end is not None else frozenset()
    raw = {position + 1 for position in _positions(singular, _RAW)}
    ends = raw if material_end is None else raw | {material_end}
    for_something = any(singular[end : end + 1] in _AFTER_MATERIAL for end in ends)
    if seeking or (not crafted and (for_something or (raw and not craft))):
        return Wish("supplier", seeking)
    if month and material_end is None:
        return Wish("fair", frozenset())
    return Wish("craft" if crafted else None, crafted)


def _positions(words: tuple[str, ...], phrases: frozenset[tuple[str, ...]]) -> frozenset[int]:
    """The positions of all words that belong to one of `phrases`."""
    return frozenset(
        position
        for length in range(1, _LONGEST + 1)
        for start in range(len(words) - length + 1)
        if words[start : start + length] in phrases
        for position in range(start, start + length)
    )
