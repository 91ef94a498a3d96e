"""Token usage, read from whatever shape a provider's library returns and normalised once.

Vendors disagree about cached tokens: OpenAI, Gemini and pydantic-ai count them inside the prompt tokens, Anthropic
beside them. Here they are always a part of `prompt`, and reasoning tokens always a part of `completion`.
Sources: OpenAI's `CompletionUsage` and `ResponseUsage`, Anthropic's `Usage`, pydantic-ai's `RequestUsage`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Usage(NamedTuple):
    """Tokens of one attempt; `cached` is within `prompt`, `reasoning` within `completion`."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    reasoning: int = 0


def read_usage(result: object) -> Usage | None:
    """The usage that `result` carries as `usage` (attribute, key or method), or None when it carries none.

    A vendor's 0 is a value, not an absence: a usage of zeros is returned as such.
    """
    usage = _get(result, "usage")
    if callable(usage):
        usage = usage()
    if usage is None:
        return None
    prompt = _first(usage, "prompt_tokens", "input_tokens")
    completion = _first(usage, "completion_tokens", "output_tokens")
    if prompt is None and completion is None:
        return None
    beside = _beside(usage)
    cached = beside[0] if beside else _within(usage, ("prompt_tokens_details", "input_tokens_details"), "cached_tokens")
    reasoning = _within(usage, ("completion_tokens_details", "output_tokens_details", "details"), "reasoning_tokens")
    if cached is None:
        cached = _first(usage, "cache_read_tokens")
    return Usage((prompt or 0) + sum(beside), completion or 0, cached or 0, reasoning or 0)


def _beside(usage: object) -> tuple[int, ...]:
    """Anthropic's cache reads and writes, which its `input_tokens` leave out; empty for everybody else."""
    counts = (_first(usage, "cache_read_input_tokens"), _first(usage, "cache_creation_input_tokens"))
    return () if counts == (None, None) else tuple(count or 0 for count in counts)


def _within(usage: object, groups: tuple[str, ...], name: str) -> int | None:
    for group in groups:
        if (details := _get(usage, group)) is not None and (count := _first(details, name)) is not None:
            return count
    return None


def _first(source: object, *names: str) -> int | None:
    """The first of `names` that holds a whole number."""
    values = (_get(source, name) for name in names)
    return next((value for value in values if isinstance(value, int) and not isinstance(value, bool)), None)


def _get(source: object, name: str) -> Any:
    return source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)
