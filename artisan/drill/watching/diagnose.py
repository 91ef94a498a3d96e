"""At which hop a signal was lost, told from what everybody says while the fault is still there.

The hops are judged in the order in which a signal makes them. The first that it did not reach is where it was lost;
what lies behind that is not judged, since nothing could have arrived there.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from artisan.drill.clients.page import GONE
from artisan.drill.course import Hop
from artisan.drill.watching.evidence import Evidence

_TRIED, _FAILED = "alertmanager_notifications_total", "alertmanager_notifications_failed_total"


def diagnose(alert: str, evidence: Evidence) -> tuple[Hop, ...]:
    """The hops up to the first that was not reached, that one included."""
    hops: list[Hop] = []
    for judge in _HOPS:
        hops.append(judge(alert, evidence))
        if not hops[-1].reached:
            break
    return tuple(hops)


def _fault_shows(_: str, evidence: Evidence) -> Hop:
    name, sign = "metrics page", evidence.sign
    if sign is GONE:
        gone = evidence.on_page == 0
        return Hop(
            name, gone, "there is no page any more" if gone else "the page is still there: the fault did nothing"
        )
    change = f"{sign.selector}: {_number(evidence.before)} → {_number(evidence.on_page)}"
    if sign.shows(evidence.before, evidence.on_page):
        return Hop(name, True, change)
    return Hop(name, False, f"{change}; expected: {sign}. The fault did not take effect, or nothing counts it")


def _scraped(_: str, evidence: Evidence) -> Hop:
    name = "scrape"
    if evidence.sign.shows(evidence.before, evidence.in_prometheus):
        return Hop(name, True, f"Prometheus has {evidence.sign.selector} as {_number(evidence.in_prometheus)}")
    finding = f"Prometheus has {evidence.sign.selector} as {_number(evidence.in_prometheus)}"
    return Hop(name, False, finding, evidence.targets_down)


def _loaded(alert: str, evidence: Evidence) -> Hop:
    name, rule = "rule", evidence.rule
    if rule is None:
        close = get_close_matches(alert, evidence.names, 1)
        hint = f"; is {close[0]} meant?" if close else ""
        return Hop(name, False, f"Prometheus has no rule for {alert}{hint} Its files are named by rule_files")
    if rule.health != "ok":
        return Hop(name, False, f"Prometheus cannot evaluate it: {rule.error or 'not evaluated yet'}")
    return Hop(name, True, "loaded, and evaluated without an error")


def _holds(_: str, evidence: Evidence) -> Hop:
    name, rule = "expression", evidence.rule
    if rule and rule.alerts:
        return Hop(name, True, f"holds for {len(rule.alerts)} series, with value {rule.alerts[0].value:.4g}")
    if not evidence.explanation:
        return Hop(name, False, "it holds now, but not for the labels that this fault has")
    return Hop(name, False, f"does not hold: {evidence.explanation[0]}", evidence.explanation[1:])


def _fires(_: str, evidence: Evidence) -> Hop:
    name, rule = "firing", evidence.rule
    assert rule is not None
    if any(alert.state == "firing" for alert in rule.alerts):
        return Hop(name, True, f"it has held for {rule.hold:g} s")
    return Hop(name, False, f"it is pending, and does not hold for {rule.hold:g} s at a stretch: it comes and goes")


def _received(_: str, evidence: Evidence) -> Hop:
    name = "Alertmanager"
    if evidence.received:
        return Hop(name, True, "has received it")
    if evidence.received is None:
        return Hop(name, False, "Alertmanager does not answer")
    if not evidence.alertmanagers:
        return Hop(name, False, "Prometheus knows no Alertmanager: see `alerting` in prometheus.yml and its targets")
    return Hop(name, False, "Prometheus knows an Alertmanager, which does not have the alert")


def _routed(_: str, evidence: Evidence) -> Hop:
    name, received = "route", evidence.received or ()
    if not any(evidence.mailing.intersection(alert.receivers) for alert in received):
        senders = ", ".join(sorted(evidence.mailing)) or "no receiver at all"
        finding = f"it ends at {_receivers(evidence)}, where no mail is sent; mail is sent by {senders}"
        return Hop(name, False, f"{finding}. See `route` in alertmanager.yml")
    if all(alert.inhibited_by for alert in received):
        return Hop(name, False, f"it is held back by {', '.join(evidence.held_back_by)}, see `inhibit_rules`")
    if all(alert.silenced_by for alert in received):
        return Hop(name, False, "somebody has silenced it")
    return Hop(name, True, f"to {_receivers(evidence)}")


def _notified(_: str, evidence: Evidence) -> Hop:
    name = "notification"
    tried, failed = evidence.sent.get(_TRIED, 0.0), evidence.sent.get(_FAILED, 0.0)
    if evidence.mails and not failed:
        return Hop(name, True, f"{tried:g} mails handed to the mail server, none failed")
    if failed or evidence.complaints:
        finding = f"{failed:g} of {tried:g} attempts failed: the mail server refuses, or cannot be reached"
        return Hop(name, False, finding, evidence.complaints)
    if not tried:
        return Hop(name, False, "it has not tried yet: see group_wait in alertmanager.yml")
    return Hop(name, True, f"{tried:g} mails handed to the mail server, none failed")


def _arrived(alert: str, evidence: Evidence) -> Hop:
    name = "mailbox"
    if any(mail.tells("FIRING", alert) for mail in evidence.mails):
        return Hop(name, True, "it came too late to be heard")
    subjects = ", ".join(repr(mail.subject) for mail in evidence.mails) or "no mail at all"
    return Hop(name, False, f"there is {subjects} since the fault; a mail's subject has to name {alert} and FIRING")


def _receivers(evidence: Evidence) -> str:
    return ", ".join(sorted({f"`{name}`" for alert in evidence.received or () for name in alert.receivers}))


def _number(value: float | None) -> str:
    return "nothing" if value is None else f"{value:g}"


_HOPS: tuple[Callable[[str, Evidence], Hop], ...] = (
    _fault_shows,
    _scraped,
    _loaded,
    _holds,
    _fires,
    _received,
    _routed,
    _notified,
    _arrived,
)
