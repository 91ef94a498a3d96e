"""Every vendor's token counts, read into one meaning."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_ai.usage import RequestUsage

from backend.core.monitoring import Usage, read_usage
from backend.core.monitoring.cost import cost_usd

CHAT = {
    "prompt_tokens": 100,
    "completion_tokens": 20,
    "prompt_tokens_details": {"cached_tokens": 60},
    "completion_tokens_details": {"reasoning_tokens": 5},
}
RESPONSES = {
    "input_tokens": 100,
    "output_tokens": 20,
    "input_tokens_details": {"cached_tokens": 60},
    "output_tokens_details": {"reasoning_tokens": 5},
}
ANTHROPIC = {
    "input_tokens": 30,
    "output_tokens": 20,
    "cache_read_input_tokens": 60,
    "cache_creation_input_tokens": 10,
}
PYDANTIC_AI = RequestUsage(input_tokens=100, output_tokens=20, cache_read_tokens=60, details={"reasoning_tokens": 5})


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (CHAT, Usage(100, 20, 60, 5)),
        (RESPONSES, Usage(100, 20, 60, 5)),
        (ANTHROPIC, Usage(100, 20, 60, 0)),
        (PYDANTIC_AI, Usage(100, 20, 60, 5)),
        ({"prompt_tokens": 0, "completion_tokens": 0}, Usage(0, 0, 0, 0)),
        ({"prompt_tokens": 3, "completion_tokens": None}, Usage(3, 0, 0, 0)),
        ({"total": 3}, None),
        (None, None),
    ],
    ids=["openai chat", "openai responses", "anthropic", "pydantic-ai", "zeros", "half", "unknown", "none"],
)
@pytest.mark.parametrize(
    "shape", [lambda u: {"usage": u}, lambda u: SimpleNamespace(usage=u)], ids=["key", "attribute"]
)
def test_each_shape_is_read(usage: Any, expected: Usage | None, shape: Any) -> None:
    """Anthropic counts cached tokens beside the prompt, everybody else inside; a zero is not a missing value."""
    assert read_usage(shape(usage)) == expected


def test_usage_can_be_a_method() -> None:
    """As on pydantic-ai's results."""
    assert read_usage(SimpleNamespace(usage=lambda: CHAT)) == Usage(100, 20, 60, 5)


tokens = st.integers(min_value=0, max_value=10**7)


@given(tokens, tokens, tokens, tokens)
def test_cost_adds_up(prompt: int, completion: int, more_prompt: int, more_completion: int) -> None:
    """The price of two calls is the price of their tokens together (one rate for all of them)."""

    def price(p: int, c: int) -> float:
        cost = cost_usd("openai", "gpt-4o-mini", Usage(p, c))
        assert cost is not None
        return cost

    parts = price(prompt, completion) + price(more_prompt, more_completion)
    assert parts == pytest.approx(price(prompt + more_prompt, completion + more_completion))


def test_cached_tokens_are_cheaper_and_not_paid_twice() -> None:
    """They are a part of the prompt at their own rate."""
    full, cached = (
        cost_usd("openai", "gpt-4o-mini", Usage(1000)),
        cost_usd("openai", "gpt-4o-mini", Usage(1000, 0, 500)),
    )
    assert full is not None
    assert cached is not None
    assert cached == pytest.approx(full * 0.75)


@pytest.mark.parametrize(("provider", "model"), [("groq", "mixtral-8x7b"), ("nobody", "gpt-4o")])
def test_an_unknown_price_is_none(provider: str, model: str) -> None:
    """It is not 0."""
    assert cost_usd(provider, model, Usage(1, 1)) is None
