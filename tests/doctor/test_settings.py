"""What stops the start is told before anybody starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from artisan.doctor import Harm

from .conftest import Look, only


async def test_settings_that_work_are_fine(look: Look) -> None:
    """The defaults are."""
    assert (await look("settings")).findings == ()


async def test_each_bad_value_is_told(look: Look, tmp_path: Path) -> None:
    """With its key, and the command that takes it away where it stands."""
    (tmp_path / ".env").write_text("WORKERS=many\n")
    first, second = (await look("settings", ENVIRONMENT="holiday")).findings
    assert {first.harm, second.harm} == {Harm.CRITICAL}
    by_what = sorted((first, second), key=lambda each: each.what)
    assert by_what[0].what.startswith("ENVIRONMENT='holiday': ")
    assert by_what[0].mend == "unset ENVIRONMENT"
    assert by_what[1].what.startswith("WORKERS='many': ")
    assert by_what[1].mend == f"sed -i.bak '/^WORKERS=/d' {tmp_path}/.env"


@pytest.mark.parametrize(
    ("key", "value", "words", "mended"),
    [
        ("LLM_PROVIDERS", "groq", "needs GROQ_API_KEY to be set", "GROQ_API_KEY"),
        ("LLM_PROVIDERS", "nobody", "no such provider", "LLM_PROVIDERS"),
        ("OTEL_TRACES_SAMPLER", "sometimes", "must be one of", "OTEL_TRACES_SAMPLER"),
        ("REDIS_URL", "redis://:a/b@host", "cannot be read", "REDIS_URL"),
    ],
)
async def test_what_only_a_part_can_tell_is_told(look: Look, key: str, value: str, words: str, mended: str) -> None:
    """Values that look right one by one, and stop the start all the same."""
    finding = only(await look("settings", **{key: value}))
    assert finding.harm is Harm.CRITICAL
    assert words in finding.what
    assert mended in finding.mend


async def test_a_receiver_that_cannot_be_is_told(look: Look) -> None:
    """`artisan up` would not start; the address itself is a secret."""
    finding = only(await look("settings", ALERT_WEBHOOK_URL="hooks.example.org/a-secret"))
    assert finding.harm is Harm.ERROR
    assert finding.what.startswith("ALERT_WEBHOOK_URL: must be a whole address")
    assert "a-secret" not in finding.what
    assert finding.mend == "unset ALERT_WEBHOOK_URL"


async def test_a_misspelt_key_is_told(look: Look, tmp_path: Path) -> None:
    """It would be passed over in silence; a key of somebody else's is none of ours."""
    (tmp_path / ".env").write_text("REDIS_URI=redis://cache\nUNRELATED=1\n")
    finding = only(await look("settings"))
    assert finding.harm is Harm.WARNING
    assert "REDIS_URI" in finding.what
    assert "is REDIS_URL meant" in finding.what
    assert finding.mend == f"sed -i.bak 's/^REDIS_URI=/REDIS_URL=/' {tmp_path}/.env"
