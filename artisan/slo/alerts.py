"""The alerts: a page when the budget burns fast, a ticket when it burns steadily.

Each condition asks three things: the long window says that it matters, the short one that it still goes on, and the
number of bad events that it is no accident. An empty short window says nothing, so the last thing it said holds for as
long as the long window remembers: an outage is not over because nobody calls any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .declaration import Declaration, Slo
from .recording import BAD_EVENTS, RATIO, REMAINING
from .windows import DIRECT, FAST, PERIOD, SLOW, Burn, plain


@dataclass(frozen=True)
class _Alert:
    name: str
    severity: str
    pace: str
    burns: tuple[Burn, ...]


_ALERTS = (
    _Alert("ErrorBudgetBurnFast", "critical", "fast", FAST),
    _Alert("ErrorBudgetBurnSlow", "warning", "steadily", SLOW),
)


def alert_groups(declaration: Declaration) -> list[dict[str, Any]]:
    """One group, in it two alerts for each objective."""
    rules = [_rule(alert, slo, declaration) for slo in declaration.slos for alert in _ALERTS]
    return [{"name": "artisan-slo", "rules": rules}]


def _rule(alert: _Alert, slo: Slo, declaration: Declaration) -> dict[str, Any]:
    conditions = [_condition(slo, burn) for burn in alert.burns if burn.reachable(slo.budget)]
    return {
        "alert": alert.name,
        "expr": "\nor\n".join(conditions),
        "labels": {"severity": alert.severity, "slo": slo.name},
        "annotations": {
            "summary": f"The error budget of {slo.name} burns {alert.pace}",
            "description": _description(slo),
            "runbook": f"{declaration.runbook}#{alert.name.lower()}",
            "dashboard": declaration.dashboard,
        },
    }


def _condition(slo: Slo, burn: Burn) -> str:
    """Its value is the burn rate over the long window."""
    which, budget, rate = f'{{slo="{slo.name}"}}', plain(slo.budget), plain(burn.rate)
    long, short = burn.long.name, burn.short.name
    count = f"{BAD_EVENTS}{long}{which}"
    if burn.long not in DIRECT:
        count = f"round({count})"  # estimated step by step, so 5 may be 4.97
    return (
        f"(\n  {RATIO}{long}{which} / {budget} > {rate}\n"
        f"    and\n  last_over_time({RATIO}{short}{which}[{long}]) / {budget} > {rate}\n"
        f"    and\n  {count} >= {slo.min_bad_events}\n)"
    )


def _description(slo: Slo) -> str:
    left = f"{REMAINING}{{slo='{slo.name}'}}"
    gone_in = f'printf "{left} * {PERIOD.seconds} / %f" $value'
    return (
        f"{{{{ $labels.slo }}}} promises {plain(slo.objective)}%: {_literally(slo.description)} "
        'Failures use up its error budget {{ $value | printf "%.3g" }} times as fast as is allowed. '
        f"{{{{ range query ({gone_in}) }}}}{{{{ if gt .Value 0.0 }}}}"
        "At this rate what is left of it is gone in {{ .Value | humanizeDuration }}."
        f"{{{{ else }}}}All of the budget for {PERIOD.seconds // 86400} days is spent.{{{{ end }}}}{{{{ end }}}}"
    )


def _literally(text: str) -> str:
    """Text that Prometheus' templates leave as it is."""
    return text.replace("{{", '{{ "{{" }}')
