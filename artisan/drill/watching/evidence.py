"""What can be known of a signal at each hop, asked while the fault is still there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from artisan.drill.clients import web
from artisan.drill.clients.alertmanager import Received
from artisan.drill.clients.inbox import Mail
from artisan.drill.clients.page import GONE, Page, Sign, total
from artisan.drill.clients.prometheus import Rule
from artisan.drill.scenario import Scenario
from artisan.drill.stack.stage import Stage
from artisan.drill.watching.subexpressions import explain

_TROUBLE = re.compile(r"level=(?:warn|error)", re.IGNORECASE)
_MESSAGES = ("alertmanager_notifications_total", "alertmanager_notifications_failed_total")
_LOG_LINES = 3


@dataclass(frozen=True)
class Evidence:
    """Everything that `diagnose` judges by. What could not be asked is None."""

    sign: Sign
    before: float | None
    on_page: float | None
    in_prometheus: float | None
    targets_down: tuple[str, ...]
    rule: Rule | None
    """With the alerts of this fault alone."""
    names: tuple[str, ...]
    """All alerting rules that Prometheus has loaded."""
    explanation: tuple[str, ...]
    alertmanagers: int | None
    received: tuple[Received, ...] | None
    """The alerts of this name that Alertmanager has."""
    held_back_by: tuple[str, ...]
    """The names of alerts that inhibit them."""
    mailing: frozenset[str]
    """The receivers that send mail."""
    sent: Mapping[str, float]
    """How many mails Alertmanager tried to send since its start, and how many failed."""
    complaints: tuple[str, ...]
    """The last warnings in its log."""
    mails: tuple[Mail, ...]


async def gather(stage: Stage, scenario: Scenario, before: float | None, since: float) -> Evidence:
    """Ask everybody. `since` is when the fault began, Unix time."""
    rule = await _or_none(stage.prometheus.rule(scenario.alert, scenario.labels))
    known = await _or_none(stage.alertmanager.alerts())
    received = None if known is None else tuple(alert for alert in known if alert.name == scenario.alert)
    holding = {mark for alert in received or () for mark in alert.inhibited_by}
    targets = await _or_none(stage.prometheus.targets()) or []
    return Evidence(
        sign=scenario.sign,
        before=before,
        on_page=await _on_page(stage, scenario.sign),
        in_prometheus=await _in_prometheus(stage, scenario.sign),
        targets_down=tuple(
            f"{target['labels']['job']}: {target['lastError']}" for target in targets if target["health"] != "up"
        ),
        rule=rule,
        names=tuple(sorted({each.name for each in await _or_none(stage.prometheus.rules()) or []})),
        explanation=await _or_none(explain(stage.prometheus, rule.query)) or () if rule else (),
        alertmanagers=await _or_none(stage.prometheus.alertmanagers()),
        received=received,
        held_back_by=tuple(sorted({alert.name for alert in known or () if alert.fingerprint in holding})),
        mailing=_mailing(stage),
        sent=await _sent(stage),
        complaints=_complaints(stage),
        mails=tuple(await _or_none(stage.inbox.mails(since)) or ()),
    )


async def _or_none(asking: Any) -> Any:
    """The answer, or None when there is none: who does not answer is part of the finding."""
    try:
        return await asking
    except web.NoAnswer:
        return None


async def _on_page(stage: Stage, sign: Sign) -> float | None:
    if sign is not GONE:
        value: float | None = await _or_none(stage.value(sign))
        return value
    try:
        await stage.value(sign)
    except web.NoAnswer:
        return 0.0
    return 1.0


async def _in_prometheus(stage: Stage, sign: Sign) -> float | None:
    samples = await _or_none(stage.prometheus.query(f"sum({sign.selector})"))
    return samples[0].value if samples else None


def _mailing(stage: Stage) -> frozenset[str]:
    content = yaml.safe_load((stage.script.folder / "run" / "alertmanager.yml").read_text(encoding="utf-8"))
    return frozenset(receiver["name"] for receiver in content["receivers"] if receiver.get("email_configs"))


async def _sent(stage: Stage) -> dict[str, float]:
    page = await _or_none(web.request("GET", f"{stage.alertmanager.url}/metrics"))
    if page is None:
        return {}
    text = page.body.decode("utf-8", "replace")
    signs = {name: Sign(name, {"integration": "email"}, page=Page.ALERTMANAGER) for name in _MESSAGES}
    return {name: total(text, sign) or 0.0 for name, sign in signs.items()}


def _complaints(stage: Stage) -> tuple[str, ...]:
    lines = stage.log("alertmanager").read_text(encoding="utf-8", errors="replace").splitlines()
    return tuple([line for line in lines if _TROUBLE.search(line)][-_LOG_LINES:])
