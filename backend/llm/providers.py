"""The vendors of language models that this service can ask: one row each, all speaking OpenAI's chat API.

To add one, add a row to `_ROWS` (and its key to `Settings`). A provider's name is also the one by which genai-prices
knows it, so that its attempts are priced.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from backend.core.config import ProviderChoice, Settings
from backend.core.errors import ConfigError


class Capability(StrEnum):
    """What not every provider can."""

    JSON_SCHEMA = auto()
    """Keeps the answer to a JSON schema; the others are shown examples and trusted to follow them."""


@dataclass(frozen=True, slots=True)
class Provider:
    """One vendor; `key` names the `Settings` field of its API key, None where none is needed."""

    name: str
    base_url: str
    default_model: str
    key: str | None = None
    capabilities: frozenset[Capability] = frozenset({Capability.JSON_SCHEMA})
    concurrency: int = 16
    free: bool = False


_ROWS: Final = (
    Provider("groq", "https://api.groq.com/openai/v1", "openai/gpt-oss-20b", key="groq_api_key"),
    Provider("openai", "https://api.openai.com/v1", "gpt-6-luna", key="openai_api_key"),
    # OpenRouter passes requests on to hosts of which some refuse a schema.
    Provider(
        "openrouter",
        "https://openrouter.ai/api/v1",
        "openai/gpt-oss-20b",
        key="openrouter_api_key",
        capabilities=frozenset(),
    ),
    Provider(
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "gemini-3.1-flash-lite",
        key="gemini_api_key",
    ),
    Provider("ollama", "http://127.0.0.1:11434/v1", "llama3.2:3b", concurrency=2, free=True),
    # One call at a time: it computes on one thread, and two calls at once would both be late.
    Provider("local", "http://127.0.0.1:8081/v1", "smollm2-135m-instruct", concurrency=1, free=True),
)
PROVIDERS: Final = MappingProxyType({row.name: row for row in _ROWS})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A provider as the settings choose it: which model, where, and with which key."""

    provider: Provider
    model: str
    base_url: str
    api_key: SecretStr


def chosen_endpoints(settings: Settings) -> tuple[Endpoint, ...]:
    """What LLM_PROVIDERS asks for, in its order; raises ConfigError on a name, address or key that cannot work."""
    return tuple(_endpoint(choice, settings) for choice in settings.llm_providers)


def _endpoint(choice: ProviderChoice, settings: Settings) -> Endpoint:
    provider = PROVIDERS.get(choice.name)
    if provider is None:
        raise ConfigError(f"LLM_PROVIDERS={choice.name!r}: no such provider; allowed are {', '.join(PROVIDERS)}")
    base_url = choice.base_url or provider.base_url
    if not urlsplit(base_url).hostname:
        raise ConfigError(
            f"LLM_PROVIDERS={choice.name}@{base_url}: the address needs a host, as in http://host:8081/v1"
        )
    return Endpoint(provider, choice.model or provider.default_model, base_url, _key(provider, settings))


def _key(provider: Provider, settings: Settings) -> SecretStr:
    if provider.key is None:
        return SecretStr("unused")  # the client insists on one; the server does not read it
    key: SecretStr = getattr(settings, provider.key)
    if not key.get_secret_value():
        raise ConfigError(f"LLM_PROVIDERS asks for {provider.name!r}, which needs {provider.key.upper()} to be set")
    return key
