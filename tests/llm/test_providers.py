"""The table of providers, and what LLM_PROVIDERS may say."""

from __future__ import annotations

from typing import Any

import pytest

from backend.core.config import Settings
from backend.core.errors import ConfigError
from backend.core.monitoring import LLMRecorder, Usage
from backend.core.monitoring.metrics import REGISTRY
from backend.llm import PROVIDERS, Provider, chosen_endpoints, open_llm


def settings(**values: Any) -> Settings:
    return Settings.load(env_file=None, **values)


def test_the_order_of_the_setting_is_the_order_of_preference() -> None:
    """With each provider's own model and address unless the entry names others."""
    chosen = chosen_endpoints(settings(llm_providers="groq:llama-x, local@http://10.0.0.7:99/v1", groq_api_key="k"))
    assert [(each.provider.name, each.model, each.base_url) for each in chosen] == [
        ("groq", "llama-x", "https://api.groq.com/openai/v1"),
        ("local", "smollm2-135m-instruct", "http://10.0.0.7:99/v1"),
    ]


def test_no_provider_is_no_llm() -> None:
    """The service then works by rules alone."""
    assert open_llm(settings(llm_providers=""), cache=None) is None  # type: ignore[arg-type]


def test_an_unknown_provider_stops_the_start() -> None:
    """The sentence names the key, the value and everything that is allowed."""
    with pytest.raises(ConfigError, match=r"LLM_PROVIDERS='grok': .* groq, openai, openrouter, gemini, ollama, local"):
        chosen_endpoints(settings(llm_providers="grok"))


@pytest.mark.parametrize("name", [name for name, provider in PROVIDERS.items() if provider.key])
def test_a_missing_key_stops_the_start(name: str) -> None:
    """The sentence names the variable to set."""
    with pytest.raises(ConfigError, match=f"LLM_PROVIDERS .*'{name}'.* {name.upper()}_API_KEY"):
        chosen_endpoints(settings(llm_providers=name))


def test_an_address_without_a_host_stops_the_start() -> None:
    """It could never be reached."""
    with pytest.raises(ConfigError, match="LLM_PROVIDERS=local@http://: the address needs a host"):
        chosen_endpoints(settings(llm_providers="local@http://"))


def test_keys_do_not_show(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither in an endpoint's text nor in its representation."""
    (endpoint,) = chosen_endpoints(settings(llm_providers="groq", groq_api_key="gsk-secret"))
    assert "gsk-secret" not in f"{endpoint} {endpoint!r}"


@pytest.mark.parametrize("provider", PROVIDERS.values(), ids=PROVIDERS)
def test_the_default_model_of_every_provider_has_a_price_or_is_free(provider: Provider) -> None:
    """Names of the table are names of the price list, so that no default is silently unpriced."""
    labels = {"provider": provider.name, "model": provider.default_model}
    before = REGISTRY.value("llm_cost_usd_total", **labels) or 0
    recorder = LLMRecorder(provider.name, provider.default_model, free=provider.free)
    unpriced = REGISTRY.value("llm_unpriced_requests_total", **labels)
    recorder.record("success", 1.0, Usage(prompt=1_000_000, completion=1_000_000))
    assert REGISTRY.value("llm_unpriced_requests_total", **labels) == unpriced
    cost = (REGISTRY.value("llm_cost_usd_total", **labels) or 0) - before
    assert (cost == 0) if provider.free else (0 < cost < 10)


def test_the_local_model_is_asked_one_call_at_a_time() -> None:
    """It has one thread; two calls at once would both be late."""
    assert PROVIDERS["local"].concurrency == 1
