"""All checks are made whatever one of them does, and what they found comes in order of harm and without secrets."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artisan.doctor import CHECKS, Check, Diagnosis, Finding, Harm, Patient, Skipped, admitted, examine
from artisan.doctor.secrets import Secrets, shown
from tests.e2e.processes import ROOT


def finding(harm: Harm, what: str = "It is so.", mend: str = "true") -> Finding:
    return Finding(harm, what, "It matters.", mend)


def saying(*findings: Finding, then: Exception | None = None) -> Callable[[Patient], AsyncIterator[Finding]]:
    """A check that finds these, and then fails."""

    async def say(_: Patient) -> AsyncIterator[Finding]:
        for each in findings:
            yield each
        if then:
            raise then

    return say


async def diagnosed(folder: Path, *checks: Check, limit: float = 10) -> Diagnosis:
    async with admitted(folder / ".env", folder, os.environ) as patient:
        return await examine(patient, checks, limit=limit)


async def test_the_worst_comes_first(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By harm, and among equals in the order of the checks."""
    first = Check("first", saying(finding(Harm.NOTE), finding(Harm.ERROR)))
    second = Check("second", saying(finding(Harm.ERROR), finding(Harm.CRITICAL), finding(Harm.WARNING)))
    found = (await diagnosed(tmp_path, first, second)).findings
    assert [(check, each.harm) for check, each in found] == [
        ("second", Harm.CRITICAL),
        ("first", Harm.ERROR),
        ("second", Harm.ERROR),
        ("second", Harm.WARNING),
        ("first", Harm.NOTE),
    ]


@pytest.mark.parametrize(("harm", "status"), [("critical", 1), ("error", 1), ("warning", 0), ("note", 0)])
async def test_the_exit_status_tells_of_errors(
    bare: pytest.MonkeyPatch, tmp_path: Path, harm: str, status: int
) -> None:
    """1 for what is worse than a warning."""
    assert (await diagnosed(tmp_path, Check("a", saying(finding(Harm(harm)))))).exit_status == status


async def test_a_check_that_breaks_hides_nothing(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the findings of others nor what it had found before."""
    broken = Check("broken", saying(finding(Harm.ERROR), then=RuntimeError("two\nlines")))
    diagnosis = await diagnosed(tmp_path, broken, Check("whole", saying()))
    assert diagnosis.broken == [("broken", "RuntimeError: two lines")]
    assert [check for check, _ in diagnosis.findings] == ["broken"]
    assert diagnosis.passed == ["whole"]


async def test_a_check_that_hangs_is_given_up(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """After its time limit, and told."""

    async def hang(_: Patient) -> AsyncIterator[Finding]:
        await asyncio.Event().wait()
        yield finding(Harm.NOTE)

    diagnosis = await diagnosed(tmp_path, Check("hung", hang), Check("whole", saying()), limit=0.05)
    assert diagnosis.broken == [("hung", "it took longer than 0.05 s")]
    assert diagnosis.passed == ["whole"]


async def test_what_is_not_configured_is_not_passed(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It is told apart, with its reason."""
    diagnosis = await diagnosed(tmp_path, Check("a", saying(then=Skipped("there is none"))))
    assert (diagnosis.passed, diagnosis.skipped) == ([], [("a", "there is none")])


async def test_what_cannot_be_read_is_not_looked_at(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A check that needs it would look at the default instead, which nobody has asked for; others go on."""
    bare.setenv("WORKERS", "many")
    needing = Check("needing", saying(finding(Harm.ERROR)), needs=("workers", "port"))
    diagnosis = await diagnosed(tmp_path, needing, Check("other", saying(), needs=("port",)))
    assert (diagnosis.skipped, diagnosis.passed) == ([("needing", "WORKERS cannot be read")], ["other"])


SECRET = st.text("abcXYZ019/@:%+ü{}", min_size=6, max_size=30).filter(lambda text: text.strip() == text)


@given(secret=SECRET, name=st.sampled_from(["GROQ_API_KEY", "MONITORING_TOKEN", "SENTRY_DSN", "ALERT_SMTP_PASSWORD"]))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_secret_is_in_no_text(secret: str, name: str) -> None:
    """Wherever a part has quoted it."""
    text = f"refused: key {secret} ({secret}) at https://host/{secret}."
    assert secret not in Secrets({name: secret}).hidden(text)


@given(password=st.text("abcXYZ019+-.%~", min_size=6, max_size=30))
def test_the_password_of_an_address_is_in_no_text(password: str) -> None:
    """Neither within its address nor by itself, also where a driver has decoded it."""
    url = f"redis://user:{password}@host:6379/0"
    hidden = Secrets({"REDIS_URL": url}).hidden(f"{url} says: {password} is wrong")
    assert password not in hidden
    assert "user" in hidden
    assert password not in shown(url)


def test_a_password_of_another_program_is_hidden_in_an_address() -> None:
    """Even where no setting has told it."""
    assert Secrets({}).hidden("postgresql://me:hunter2@db/x") == "postgresql://me:***@db/x"


def test_every_check_is_documented() -> None:
    """One section each, in their order, and none for a check that does not exist."""
    sections = re.findall(r"(?m)^### (\S+)$", (ROOT / "docs/doctor.md").read_text())
    assert sections == [check.id for check in CHECKS]


def test_every_check_has_a_test() -> None:
    """That makes it."""
    texts = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    for check in CHECKS:
        assert f'look("{check.id}"' in texts, check.id
