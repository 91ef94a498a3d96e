"""Settings: read once, refused with a sentence, documented without exception."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from backend.core.config import ProviderChoice, Settings
from backend.core.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("PORT", "abc", "PORT='abc': Input should be a valid integer"),
        ("PORT", "70000", "PORT='70000': Input should be less than or equal to 65535"),
        ("DRAIN_SECONDS", "601", "DRAIN_SECONDS='601': Input should be less than or equal to 600"),
        ("WORKERS", "0", "WORKERS='0': Input should be greater than or equal to 1"),
        ("ENVIRONMENT", "prod", "'development', 'test', 'staging' or 'production'"),
        ("LOG_LEVEL", "LOUD", "'DEBUG', 'INFO', 'WARNING', 'ERROR' or 'CRITICAL'"),
        ("DATABASE_URL", "mysql://u:pw@h/d", "must start with sqlite+aiosqlite://"),
        ("REDIS_URL", "http://x", "REDIS_URL='http://x': must start with redis://"),
        ("LLM_TIMEOUT_SECONDS", "5", "greater than or equal to 60"),
    ],
)
def test_a_bad_value_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, key: str, value: str, says: str) -> None:
    """The sentence names the key, the value and what is allowed."""
    monkeypatch.setenv(key, value)
    with pytest.raises(ConfigError, match=re.escape(says)):
        Settings.load(env_file=None)


def test_secrets_are_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in a refusal nor in a repr."""
    monkeypatch.setenv("DATABASE_URL", "mysql://u:hunter2@h/d")
    with pytest.raises(ConfigError) as refusal:
        Settings.load(env_file=None)
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("GROQ_API_KEY", "hunter2")
    assert "hunter2" not in str(refusal.value) + repr(Settings.load(env_file=None))


def test_all_bad_values_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One start, one list."""
    monkeypatch.setenv("PORT", "x")
    monkeypatch.setenv("LOG_LEVEL", "x")
    with pytest.raises(ConfigError) as refusal:
        Settings.load(env_file=None)
    assert len(str(refusal.value).splitlines()) == 2


def test_providers_are_an_ordered_list_of_name_model_and_address() -> None:
    """Model names may hold colons and slashes."""
    settings = Settings.load(
        env_file=None, llm_providers="local@http://127.0.0.1:9/v1, ollama:llama3:8b ,OpenRouter:a/b"
    )
    assert settings.llm_providers == (
        ProviderChoice("local", None, "http://127.0.0.1:9/v1"),
        ProviderChoice("ollama", "llama3:8b", None),
        ProviderChoice("openrouter", "a/b", None),
    )


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And an empty value is none."""
    (tmp_path / ".env").write_text("PORT=1234\nHOST=file\nLOG_LEVEL=\n")
    monkeypatch.setenv("PORT", "4321")
    settings = Settings.load(env_file=tmp_path / ".env")
    assert (settings.port, settings.host, settings.log_level) == (4321, "file", "INFO")


def test_env_example_documents_every_setting_with_its_default(tmp_path: Path) -> None:
    """No more and no fewer keys; copying it, or taking every # away, changes nothing."""
    example = (ROOT / ".env.example").read_text()
    (tmp_path / ".env").write_text(re.sub(r"^#(?=[A-Z_]+=)", "", example, flags=re.MULTILINE))
    documented = {key.lower() for key in dotenv_values(tmp_path / ".env")}
    read_elsewhere = {
        key for key in documented if key.startswith(("alert_", "compose_", "grafana_", "otel_", "postgres_"))
    }
    assert documented - read_elsewhere == set(Settings.model_fields)
    assert Settings.load(env_file=tmp_path / ".env") == Settings.load(env_file=None)
    assert not dotenv_values(ROOT / ".env.example")
