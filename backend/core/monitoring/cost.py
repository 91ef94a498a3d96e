"""What an LLM attempt cost, from genai-prices' dated table. A price that is not known is None, never 0."""

from __future__ import annotations

from functools import lru_cache

import genai_prices

from .usage import Usage


def cost_usd(provider: str, model: str, usage: Usage) -> float | None:
    """US dollars for `usage` at list price, or None when the table does not know this provider's model."""
    try:
        return _total(provider, model, usage)
    except LookupError:
        return None


@lru_cache(maxsize=1024)
def _total(provider: str, model: str, usage: Usage) -> float:
    tokens = genai_prices.Usage(
        input_tokens=usage.prompt, output_tokens=usage.completion, cache_read_tokens=usage.cached or None
    )
    return float(genai_prices.calc_price(tokens, model, provider_id=provider).total_price)
