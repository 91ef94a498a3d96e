"""How a diagnosis is shown: to a person, the worst first, or to a program."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from artisan.doctor.examine import Diagnosis
from artisan.doctor.finding import Finding, Harm

_STYLES = {Harm.CRITICAL: "bold red", Harm.ERROR: "red", Harm.WARNING: "yellow", Harm.NOTE: "blue"}
_INDENT = 2


def show(diagnosis: Diagnosis, console: Console) -> None:
    """Each finding in four lines, of which the last is the command; then a summary."""
    for check, finding in diagnosis.findings:
        console.print(Text.assemble((finding.harm, _STYLES[finding.harm]), (f"  {check}", "dim")))
        _say(console, Text(finding.what))
        _say(console, Text(finding.means, "dim"))
        # Not wrapped, whatever the width: it is there to be copied.
        console.print(Text(" " * 2 * _INDENT).append(finding.mend, "cyan"), soft_wrap=True)
        console.print()
    for check, reason in diagnosis.broken:
        console.print(Text.assemble(("unknown", "yellow"), (f"  {check}", "dim")))
        _say(console, Text(f"It could not be looked at: {reason}."))
        console.print()
    for line in _summary(diagnosis):
        console.print(line, soft_wrap=not console.is_terminal)


def as_json(diagnosis: Diagnosis) -> str:
    """One object, with the findings in order of harm."""
    return json.dumps(
        {
            "findings": [_as_dict(check, finding) for check, finding in diagnosis.findings],
            "unknown": _pairs(diagnosis.broken),
            "not_checked": _pairs(diagnosis.skipped),
            "passed": diagnosis.passed,
            "exit_status": diagnosis.exit_status,
        },
        indent=2,
        ensure_ascii=False,
    )


def _say(console: Console, text: Text) -> None:
    """A sentence, indented on each of its lines on a terminal, on one line elsewhere."""
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, _INDENT)))
    else:
        console.print(Text(" " * _INDENT).append_text(text), soft_wrap=True)


def _summary(diagnosis: Diagnosis) -> Iterable[Text]:
    counts = Counter(finding.harm for _, finding in diagnosis.findings)
    found = ", ".join(_count(counts[harm], harm) for harm in Harm if counts[harm])
    passed = f"{_count(len(diagnosis.passed), 'check')} passed"
    fine = not (counts.keys() - {Harm.NOTE} or diagnosis.broken)
    yield Text.assemble(
        ("All is well" if fine else "Not all is well", "bold green" if fine else "bold"),
        f": {', '.join(filter(None, [passed, found]))}.",
    )
    if diagnosis.skipped:
        together: dict[str, list[str]] = {}
        for check, reason in diagnosis.skipped:
            together.setdefault(reason, []).append(check)
        reasons = "; ".join(f"{', '.join(checks)} ({reason})" for reason, checks in together.items())
        yield Text(f"Not checked: {reasons}.", "dim")


def _count(number: int, what: str) -> str:
    plural = "" if number == 1 or what == Harm.CRITICAL else "s"
    return f"{number} {what}{plural}"


def _as_dict(check: str, finding: Finding) -> dict[str, str]:
    return {
        "check": check,
        "harm": finding.harm,
        "what": finding.what,
        "means": finding.means,
        "mend": finding.mend,
    }


def _pairs(reasons: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"check": check, "reason": reason} for check, reason in reasons]
