"""Healthy: everything is watched, everything works, and nothing but Watchdog fires."""

from __future__ import annotations

import asyncio
import time

from artisan.drill.clients import web
from artisan.drill.stack.stage import Stage

WATCHDOG = "Watchdog"
_EVALUATIONS = 8  # for so many in a row it has to be quiet
_POLL = 0.2


class NotQuiet(Exception):
    """The stack does not become quiet; the message says what disturbs it."""


async def quiet(stage: Stage, within: float) -> None:
    """Return when it has been quiet for some evaluations in a row. Raises NotQuiet after so many seconds."""
    deadline = time.monotonic() + within
    lasting = _EVALUATIONS * stage.configuration.evaluation_interval
    since: float | None = None
    last = "it is not known to be quiet"
    while since is None or time.monotonic() - since < lasting:
        disturbance = await _disturbance(stage)
        since, last = (None, disturbance) if disturbance else (since or time.monotonic(), last)
        if time.monotonic() > deadline:
            raise NotQuiet(last)
        await asyncio.sleep(_POLL)


async def _disturbance(stage: Stage) -> str:
    """The first thing that is not as it should be, or nothing."""
    try:
        return (
            await _unwatched(stage)
            or await _sounding(stage)
            or await _known_to_alertmanager(stage)
            or await _without_traffic(stage)
        )
    except web.NoAnswer as error:
        return str(error)


async def _unwatched(stage: Stage) -> str:
    targets = await stage.prometheus.targets()
    down = sorted(target["labels"]["job"] for target in targets if target["health"] != "up")
    if not targets or down:
        return f"Prometheus does not reach {', '.join(down) or 'anything'}"
    rules = await stage.prometheus.rules()
    return next((f"{rule.name} has not been evaluated" for rule in rules if not rule.evaluated_at), "") or next(
        (f"{rule.name} cannot be evaluated: {rule.error}" for rule in rules if rule.health != "ok"), ""
    )


async def _sounding(stage: Stage) -> str:
    rules = await stage.prometheus.rules()
    found = {f"{rule.name} is {alert.state}" for rule in rules if rule.name != WATCHDOG for alert in rule.alerts}
    return ", ".join(sorted(found))


async def _known_to_alertmanager(stage: Stage) -> str:
    """Alertmanager has nothing but Watchdog, and has that: so alerts find their way to it."""
    names = {alert.name for alert in await stage.alertmanager.alerts()}
    others = ", ".join(sorted(names - {WATCHDOG}))
    expected = any(rule.name == WATCHDOG for rule in stage.configuration.rules)
    if others:
        return f"Alertmanager still has {others}"
    return f"Alertmanager does not have {WATCHDOG} yet" if expected and not names else ""


async def _without_traffic(stage: Stage) -> str:
    """Traffic of each kind has been seen to rise."""
    # The window is that of one agent run at the pace of healthy traffic, and a half.
    for metric in ("http_requests_total", "agent_executions_total", "llm_requests_total"):
        seen = await stage.prometheus.query(f"sum(increase({metric}[10s]))")
        if not any(sample.value > 0 for sample in seen):
            return f"{metric} does not rise"
    return ""
