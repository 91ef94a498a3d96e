"""Runs all checks at once; one that breaks or hangs is told, and holds up nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from artisan.doctor.check import Check
from artisan.doctor.finding import Finding, Skipped
from artisan.doctor.patient import Patient
from artisan.doctor.secrets import Secrets

LIMIT_SECONDS = 10.0
"""How long one check may take; each question in it has a shorter limit of its own."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check came to. With neither findings nor a reason, all is well."""

    check: str
    findings: tuple[Finding, ...] = ()
    skipped: str = ""
    """Why there was nothing to look at."""
    broken: str = ""
    """Why it could not be looked at."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All outcomes, in the order of the checks."""

    outcomes: tuple[Outcome, ...]

    @property
    def findings(self) -> list[tuple[str, Finding]]:
        """Each with the id of its check, the worst first, and else in the order of the checks."""
        found = [(outcome.check, finding) for outcome in self.outcomes for finding in outcome.findings]
        return sorted(found, key=lambda pair: pair[1].harm.rank)

    @property
    def passed(self) -> list[str]:
        """The checks that found nothing."""
        return [o.check for o in self.outcomes if not (o.findings or o.skipped or o.broken)]

    @property
    def skipped(self) -> list[tuple[str, str]]:
        """The checks that had nothing to look at, with their reasons."""
        return [(outcome.check, outcome.skipped) for outcome in self.outcomes if outcome.skipped]

    @property
    def broken(self) -> list[tuple[str, str]]:
        """The checks that could not be made, with their reasons."""
        return [(outcome.check, outcome.broken) for outcome in self.outcomes if outcome.broken]

    @property
    def exit_status(self) -> int:
        """1 when something is worse than a warning."""
        return int(any(finding.harm.fails for _, finding in self.findings))


async def examine(patient: Patient, checks: Iterable[Check], *, limit: float = LIMIT_SECONDS) -> Diagnosis:
    """Look at everything; takes `limit` seconds at most, and raises nothing."""
    outcomes = await asyncio.gather(*(_outcome(check, patient, limit) for check in checks))
    hide = Secrets(patient.environ).hidden
    return Diagnosis(tuple(_hidden(outcome, hide) for outcome in outcomes))


async def _outcome(check: Check, patient: Patient, limit: float) -> Outcome:
    unread = [field.upper() for field in check.needs if field in patient.refused]
    if unread:
        return Outcome(check.id, skipped=f"{', '.join(unread)} cannot be read")
    findings: list[Finding] = []
    try:
        async with asyncio.timeout(limit):
            async for finding in check.examine(patient):
                findings.append(finding)  # noqa: PERF401  what was found before a failure counts
    except Skipped as reason:
        return Outcome(check.id, tuple(findings), skipped=str(reason))
    except TimeoutError:
        return Outcome(check.id, tuple(findings), broken=f"it took longer than {limit:g} s")
    except Exception as error:  # a doctor who faints helps nobody
        words = " ".join(f"{type(error).__name__}: {error}".split())
        return Outcome(check.id, tuple(findings), broken=words[:200])
    return Outcome(check.id, tuple(findings))


def _hidden(outcome: Outcome, hide: Callable[[str], str]) -> Outcome:
    findings = tuple(
        replace(finding, what=hide(finding.what), means=hide(finding.means), mend=hide(finding.mend))
        for finding in outcome.findings
    )
    return replace(outcome, findings=findings, skipped=hide(outcome.skipped), broken=hide(outcome.broken))
