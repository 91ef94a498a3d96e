"""What people wrote and models answered: recorded only where the operator asks for it, and then redacted."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from backend.core.monitoring.redaction import redact_value

_LONGEST = 8_192  # characters of one attribute; a collector refuses what is much larger


@cache
def captured() -> bool:
    """Whether OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT is true, as OpenTelemetry's own parts read it."""
    return os.environ.get("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "").strip().lower() == "true"


def contents(values: Mapping[str, Any]) -> dict[str, str]:
    """The attributes, redacted; none unless contents are captured. Anything but a text is written as JSON."""
    if not captured():
        return {}
    return {name: _text(redact_value(value)) for name, value in values.items()}


def message(role: str, text: str) -> dict[str, Any]:
    """A text, in the form of those in `gen_ai.input.messages` and `gen_ai.output.messages`."""
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text[:_LONGEST]
