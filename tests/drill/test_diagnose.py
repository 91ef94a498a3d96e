"""Recorded situations, and the hop at which each of them lost its signal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from artisan.drill.clients.alertmanager import Received
from artisan.drill.clients.inbox import Mail
from artisan.drill.clients.page import GONE, Sign
from artisan.drill.clients.prometheus import Alert, Rule
from artisan.drill.watching.diagnose import diagnose
from artisan.drill.watching.evidence import Evidence

LABELS = {"alertname": "TooHot", "severity": "critical"}
FIRING = Alert(LABELS, "firing", 1000.0, 7.0)
RULE = Rule("TooHot", {}, "heat > 5", 15.0, "ok", "", 1010.0, (FIRING,))
RECEIVED = Received(LABELS, ("email", "webhook"), (), (), "f1")
SENT = {"alertmanager_notifications_total": 1.0, "alertmanager_notifications_failed_total": 0.0}
HEARD = Evidence(
    sign=Sign("heat_total", {"where": "oven"}, rises_by=1),
    before=2.0,
    on_page=4.0,
    in_prometheus=4.0,
    targets_down=(),
    rule=RULE,
    names=("TooHot", "TooCold"),
    explanation=(),
    alertmanagers=1,
    received=(RECEIVED,),
    held_back_by=(),
    mailing=frozenset({"email"}),
    sent=SENT,
    complaints=(),
    mails=(Mail("1", 1020.0, "[FIRING critical] TooHot: it is hot"),),
)
REFUSED = {**SENT, "alertmanager_notifications_failed_total": 1.0}

LOST = {
    "the fault did nothing": (
        replace(HEARD, on_page=2.0),
        'metrics page: heat_total{where="oven"}: 2 → 2; expected: heat_total{where="oven"} rises',
    ),
    "nothing counts it": (replace(HEARD, on_page=None), "2 → nothing"),
    "the backend still answers": (replace(HEARD, sign=GONE, on_page=1.0), "the page is still there"),
    "nobody scrapes": (
        replace(HEARD, in_prometheus=2.0, targets_down=("artisan-backend: connection refused",)),
        'scrape: Prometheus has heat_total{where="oven"} as 2 artisan-backend: connection refused',
    ),
    "the rule is not loaded": (
        replace(HEARD, rule=None, names=("TooHott",)),
        "rule: Prometheus has no rule for TooHot; is TooHott meant?",
    ),
    "the rule fails": (
        replace(HEARD, rule=replace(RULE, health="err", error="many-to-many matching")),
        "Prometheus cannot evaluate it: many-to-many matching",
    ),
    "a wrong label": (
        replace(HEARD, rule=replace(RULE, alerts=()), explanation=('no series matches where="stove"', "more")),
        'expression: does not hold: no series matches where="stove" more',
    ),
    "it comes and goes": (
        replace(HEARD, rule=replace(RULE, alerts=(replace(FIRING, state="pending"),))),
        "does not hold for 15 s at a stretch",
    ),
    "Alertmanager is gone": (replace(HEARD, received=None), "Alertmanager does not answer"),
    "Prometheus knows no Alertmanager": (
        replace(HEARD, received=(), alertmanagers=0),
        "Alertmanager: Prometheus knows no Alertmanager",
    ),
    "a route to nobody": (
        replace(HEARD, received=(replace(RECEIVED, receivers=("nobody",)),), mails=()),
        "route: it ends at `nobody`, where no mail is sent; mail is sent by email",
    ),
    "inhibited": (
        replace(HEARD, received=(replace(RECEIVED, inhibited_by=("f2",)),), held_back_by=("Down",)),
        "route: it is held back by Down",
    ),
    "silenced": (replace(HEARD, received=(replace(RECEIVED, silenced_by=("s1",)),)), "somebody has silenced it"),
    "the mailbox refuses": (
        replace(HEARD, sent=REFUSED, complaints=("level=warn 550 no mailbox here",), mails=()),
        "attempts failed: the mail server refuses, or cannot be reached level=warn 550 no mailbox here",
    ),
    "still waiting for siblings": (
        replace(HEARD, sent={**SENT, "alertmanager_notifications_total": 0.0}, mails=()),
        "it has not tried yet",
    ),
    "the mail is about something else": (
        replace(HEARD, mails=(Mail("1", 1.0, "[FIRING] TooCold"),)),
        "mailbox: there is '[FIRING] TooCold' since the fault",
    ),
}


@pytest.mark.parametrize("situation", LOST)
def test_the_first_hop_that_was_not_reached_is_named(situation: str) -> None:
    """With what was found there; hops before it were reached, and none behind it is judged."""
    evidence, expected = LOST[situation]
    *before, lost = diagnose("TooHot", evidence)
    assert all(hop.reached for hop in before)
    assert not lost.reached
    assert expected in " ".join((f"{lost.name}: {lost.finding}", *lost.details))


def test_a_signal_that_arrived_after_all_was_late() -> None:
    """Then every hop was reached, and the last one says so."""
    hops = diagnose("TooHot", HEARD)
    assert len(hops) == 9
    assert all(hop.reached for hop in hops)
    assert hops[-1].finding == "it came too late to be heard"


@pytest.mark.parametrize(
    ("subject", "tells"),
    [
        ("[FIRING critical] TooHot: it is hot", True),
        ("[FIRING:1] TooHot (oven critical)", True),
        ("[RESOLVED] TooHot: it is hot", False),
        ("[FIRING critical] TooHotToo: it is hot", False),
        ("[FIRING critical] Other: not TooHot", True),
    ],
)
def test_a_subject_tells_of_an_alert_by_its_whole_name(subject: str, tells: bool) -> None:
    """In our words or in Alertmanager's own."""
    assert Mail("1", 0.0, subject).tells("FIRING", "TooHot") is tells
