"""The settings: one frozen, typed object read from the environment and `.env`.

A bad value stops the start with a `ConfigError` that names the key, the value (unless it is secret) and what is
allowed. `.env.example` documents every key; a test holds the two together.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from .errors import ConfigError

Environment = Literal["development", "test", "staging", "production"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


class ProviderChoice(NamedTuple):
    """One entry of LLM_PROVIDERS: `name[:model][@base_url]`; None means the provider's own default."""

    name: str
    model: str | None = None
    base_url: str | None = None

    @classmethod
    def parse(cls, entry: str) -> ProviderChoice:
        """Read one entry, e.g. `groq`, `groq:llama-3.1-8b-instant`, `local@http://127.0.0.1:8081/v1`."""
        head, _, base_url = entry.partition("@http")
        name, _, model = head.partition(":")
        return cls(name.strip().lower(), model.strip() or None, f"http{base_url}".strip() if base_url else None)


class Settings(BaseSettings):
    """What an operator can turn."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, validate_default=True
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, le=256)
    drain_seconds: float = Field(default=0.0, ge=0, le=600)
    environment: Environment = "development"
    log_level: LogLevel = "INFO"

    database_url: str = "sqlite+aiosqlite:///.artisan/data/artisan.db"
    database_pool_size: int = Field(default=10, ge=2, le=500)
    database_statement_timeout_seconds: float = Field(default=10.0, ge=0.1, le=600)
    redis_url: str = ""

    llm_providers: Annotated[tuple[ProviderChoice, ...], NoDecode] = ()
    llm_timeout_seconds: float = Field(default=60.0, ge=60, le=600)  # below 60, HighLLMLatency could never fire
    groq_api_key: SecretStr = SecretStr("")
    openai_api_key: SecretStr = SecretStr("")
    openrouter_api_key: SecretStr = SecretStr("")
    gemini_api_key: SecretStr = SecretStr("")

    monitoring_token: SecretStr = SecretStr("")
    sentry_dsn: SecretStr = SecretStr("")
    prometheus_url: str = "http://localhost:9090"
    alertmanager_url: str = "http://localhost:9093"
    git_commit: str = "unknown"
    metrics_dir: Path | None = None

    @field_validator("environment", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: Any) -> Any:
        return value.upper() if isinstance(value, str) else value

    @field_validator("database_url")
    @classmethod
    def _async_driver(cls, value: str) -> str:
        if not value.startswith(("sqlite+aiosqlite://", "postgresql+asyncpg://")):
            raise ValueError("must start with sqlite+aiosqlite:// or postgresql+asyncpg://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis_scheme(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must start with redis://, rediss:// or unix://, or be empty for a cache in memory")
        return value

    @field_validator("sentry_dsn")
    @classmethod
    def _address_of_sentry(cls, value: SecretStr) -> SecretStr:
        address = urlsplit(value.get_secret_value())
        if value and not (address.scheme in {"http", "https"} and address.username and address.path.strip("/")):
            raise ValueError("must be a DSN, as in https://key@host/project, or empty")
        if value and find_spec("sentry_sdk") is None:
            raise ValueError("needs sentry-sdk: pip install 'artisan-hub[sentry]'")
        return value

    @field_validator("llm_providers", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return tuple(ProviderChoice.parse(entry) for entry in value.split(",") if entry.strip())

    @classmethod
    def load(cls, env_file: Path | None = Path(".env"), **overrides: Any) -> Self:
        """Read the environment, then `env_file`; raises ConfigError with one line for each bad value."""
        try:
            return cls(_env_file=env_file, **overrides)
        except ValidationError as error:
            raise ConfigError("\n".join(_sentence(cls, problem) for problem in error.errors())) from None


def adopt_otel_variables(env_file: Path = Path(".env")) -> None:
    """Put the OTEL_* of `env_file` into the environment, where OpenTelemetry's own parts look; what is set stays."""
    for name, value in dotenv_values(env_file).items():
        if name.startswith("OTEL_") and value:
            os.environ.setdefault(name, value)


def _sentence(settings: type[BaseSettings], problem: Any) -> str:
    """One line about one bad value: `PORT='abc': Input should be a valid integer`."""
    field = str(problem["loc"][0])
    # A URL may carry a password before its host.
    secret = settings.model_fields[field].annotation is SecretStr or "@" in str(problem["input"])
    value = "(secret)" if secret else repr(problem["input"])
    return f"{field.upper()}={value}: {problem['msg'].removeprefix('Value error, ')}"
