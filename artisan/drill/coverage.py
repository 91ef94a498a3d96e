"""Which alert has which drill. `python -m artisan.drill.coverage` fails when a shipped alert has none and no reason."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from artisan.drill.faults import SCENARIOS, UNDRILLED
from artisan.drill.scenario import Scenario, Undrilled
from artisan.drill.stack.configuration import BadConfiguration, declared
from artisan.drill.stack.spec import ROOT

MONITORING = ROOT / "monitoring"


class UnknownAlert(Exception):
    """No rule has this name; the message says which one may be meant."""


def alert_names(monitoring: Path) -> list[str]:
    """The alerts of a monitoring folder, each once. Raises BadConfiguration."""
    return list(dict.fromkeys(rule.name for rule in declared(monitoring)))


def chosen(names: Sequence[str], known: Sequence[str]) -> tuple[list[Scenario], list[Undrilled]]:
    """The drills of these alerts in the order of the rehearsal, and why others have none. Raises UnknownAlert.

    An alert without a drill and without a reason is among the latter, with a reason that says so.
    """
    for name in names:
        if name not in known:
            raise UnknownAlert(_unknown(name, known))
    drills = [scenario for scenario in SCENARIOS if scenario.alert in names]
    rest = [name for name in known if name in names and name not in {drill.alert for drill in drills}]
    reasons = {each.alert: each for each in UNDRILLED}
    return drills, [reasons.get(name) or Undrilled(name, _MISSING) for name in rest]


def complaints(known: Iterable[str]) -> list[str]:
    """What is wrong with the drills, given the alerts that are shipped."""
    names, told = set(known), {*(each.alert for each in SCENARIOS), *(each.alert for each in UNDRILLED)}
    missing = [f"{name} {_MISSING}" for name in sorted(names - told)]
    return missing + [f"{name} has a drill, and is no alert any more" for name in sorted(told - names)]


_MISSING = "has no drill and no reason why: add one in artisan/drill/faults, see docs/drill.md"


def _unknown(name: str, known: Sequence[str]) -> str:
    folded = {each.casefold(): each for each in known}
    close = get_close_matches(name.casefold(), folded, 1, cutoff=0.5)
    meant = f"Is {folded[close[0]]} meant? " if close else ""
    return f"There is no alert {name!r}. {meant}`artisan drill --list` names them all."


def main() -> int:
    """0 when every shipped alert has its drill, 1 otherwise."""
    try:
        found = complaints(alert_names(MONITORING))
    except BadConfiguration as error:
        found = [str(error)]
    for complaint in found:
        print(complaint)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
